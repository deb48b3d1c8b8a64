// Package reason is the registry of the twelve reasons for which an application
// goes back to its merchant.
package reason
