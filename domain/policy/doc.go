// Package policy says what an application needs.
package policy
