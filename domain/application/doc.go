// Package application decides the life of one merchant application.
package application
