// Package api is Alta's HTTP interface: what openapi.yaml promises, kept.
//
// A request travels through the route table (who may call this, with what
// relation to the application), is checked against the contract's own schemas,
// becomes a command value and meets the decider. What comes back is a stored
// document, or an RFC 9457 problem with a permanent code.
//
// What must stay true:
//
//   - openapi.yaml is the source: requests are validated against it as they come
//     in, and every operation in it has exactly one row in the route table.
//   - "Not yours" and "not there" get the same answer.
//   - A decision names the revision that was looked at (If-Match): 428 where it
//     is missing, 412 with who did what where it is stale.
//   - A fault's text never leaves the process; a refusal's text always does.
//   - Bodies are bounded before they are read.
package api
