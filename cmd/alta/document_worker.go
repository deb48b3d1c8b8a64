package main

import (
	"context"
	"io"
	"os"

	"alta/documents"
)

// runDocumentWorker is the process that decodes uploaded files. The intake
// starts it with this program and ends it by closing its input.
func runDocumentWorker(_ context.Context, args []string, out, _ io.Writer) error {
	return documents.RunWorker(args, os.Stdin, out)
}
