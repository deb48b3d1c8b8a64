package documents

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// A job goes to the worker as one line of JSON and the file's bytes; an answer
// comes back as one line of JSON and the pictures' bytes in the order of the
// line. The reader bounds everything: the other side may have been taken over
// by the file it decoded.
const (
	maxLine   = 64 << 10
	maxAnswer = 128 << 20
)

type job struct {
	Type        Type     `json:"type"`
	Orientation int      `json:"orientation"`
	Limits      Limits   `json:"limits"`
	Redact      []Region `json:"redact,omitempty"` // when not empty, cover these
	Size        int      `json:"size"`             // bytes that follow
}

type answer struct {
	Code   Code   `json:"code,omitempty"` // a rejection
	Detail string `json:"detail,omitempty"`
	Fault  string `json:"fault,omitempty"` // the worker's own failure
	// Drawn says that one more page is done, and that the answer follows later.
	Drawn bool         `json:"drawn,omitempty"`
	Pages []answerPage `json:"pages,omitempty"`
	Hints []Hint       `json:"hints,omitempty"`
	// NewType and NewSize describe the redacted original, which comes first.
	NewType Type `json:"newType,omitempty"`
	NewSize int  `json:"newSize,omitempty"`
}

type answerPage struct {
	Page
	View  int `json:"view"` // bytes
	Thumb int `json:"thumb"`
}

// result is an answer with its bytes.
type result struct {
	answer
	original []byte
	pictures []Pictures
}

func writeFrame(w io.Writer, head any, bodies ...[]byte) error {
	line, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return err
	}
	for _, b := range bodies {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// readLine reads one line of JSON, of bounded length.
func readLine(r *bufio.Reader, into any) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err // also bufio.ErrBufferFull: longer than maxLine
	}
	return json.Unmarshal(line, into)
}

func readBytes(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}

func readJob(r *bufio.Reader, largest int64) (job, []byte, error) {
	var j job
	if err := readLine(r, &j); err != nil {
		return j, nil, err
	}
	if j.Size < 0 || int64(j.Size) > largest {
		return j, nil, fmt.Errorf("a job of %d bytes", j.Size)
	}
	b, err := readBytes(r, j.Size)
	return j, b, err
}

// readAnswer reads the answer to a job. drawn is called for each page that is done
// before it.
func readAnswer(r *bufio.Reader, l Limits, drawn func()) (result, error) {
	var res result
	for pages := 0; ; pages++ {
		res = result{}
		if err := readLine(r, &res.answer); err != nil {
			return res, err
		}
		if !res.Drawn {
			break
		}
		if pages >= l.Pages {
			return res, fmt.Errorf("more than %d pages drawn", l.Pages)
		}
		drawn()
	}
	if len(res.Pages) > l.Pages {
		return res, fmt.Errorf("an answer of %d pages", len(res.Pages))
	}
	left := maxAnswer
	take := func(n int) ([]byte, error) {
		if n < 0 || n > left {
			return nil, fmt.Errorf("an answer of more than %d bytes", maxAnswer)
		}
		left -= n
		return readBytes(r, n)
	}
	var err error
	if res.original, err = take(res.NewSize); err != nil {
		return res, err
	}
	for _, p := range res.Pages {
		var pic Pictures
		if pic.View, err = take(p.View); err != nil {
			return res, err
		}
		if pic.Thumb, err = take(p.Thumb); err != nil {
			return res, err
		}
		if err := checkPicture(pic.View, viewSide); err != nil {
			return res, err
		}
		if err := checkPicture(pic.Thumb, thumbSide); err != nil {
			return res, err
		}
		res.pictures = append(res.pictures, pic)
	}
	return res, nil
}

// checkPicture makes sure that what will be shown is a bare JPEG of the agreed
// size, whatever process made it.
func checkPicture(b []byte, side int) error {
	h, err := inspect(b, Limits{Side: side, Pixels: side * side})
	if err != nil {
		return err
	}
	if h.Type != JPEG || len(h.Hints) > 0 {
		return fmt.Errorf("a picture that is not a bare JPEG")
	}
	return nil
}
