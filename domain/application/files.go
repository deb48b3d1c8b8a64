package application

// FileEvents is how the stored names of all events begin that bring a file.
const FileEvents = "application.document-"

// Files are the vault's names of the stored files that an event brings: the
// original, and pictures of its pages. A file that no event brings was left by an
// upload that did not come to its end.
func Files(e Event) []string {
	switch e := e.(type) {
	case DocumentUploaded:
		return e.Document.Blobs
	case DocumentRedacted:
		return e.Document.Blobs
	default:
		return nil
	}
}
