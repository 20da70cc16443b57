package portal

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigill/internal/message"
)

// A journey is a text file in testdata/journeys. Its lines:
//
//	# words                      said when the test fails, and to whoever reads it
//	message level1|level2|held   stores a message and makes the links to it: {link}, {sender}
//	NAME lang nl                 NAME's browser asks for a language
//	NAME get PATH                NAME's browser opens a page and follows redirects
//	NAME post PATH K=V; K=V      presses a button; {page} is the page it is on
//	code [NAME]                  the worker makes the code of the newest wish: {code}, or {NAME}
//	worker link 0                the worker sends recipient 0 a fresh link: {link}
//	wait 10m                     the clock moves
//	  status 200                 what the last answer must be
//	  at /r/                     where it must be
//	  has TEXT, lacks TEXT       what must, or must not, stand on it
//	  state 0 opened             where a recipient must stand now
//	  jobs send_code 1           how many jobs of a kind wait
type journey struct {
	t        *testing.T
	s        *stage
	m        *message.Message
	browsers map[string]*browser
	words    map[string]string
	last     answer
	title    string
}

func TestJourneys(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/journeys/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no journeys", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			j := &journey{t: t, s: newStage(t), browsers: map[string]*browser{}, words: map[string]string{}}
			lines := bufio.NewScanner(f)
			for n := 1; lines.Scan(); n++ {
				j.line(n, strings.TrimSpace(lines.Text()))
				if t.Failed() {
					t.Fatalf("%s:%d: %s\n%s", name, n, j.title, lines.Text())
				}
			}
		})
	}
}

func (j *journey) line(n int, line string) {
	j.t.Helper()
	if line == "" {
		return
	}
	for k, v := range j.words {
		line = strings.ReplaceAll(line, "{"+k+"}", v)
	}
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "#":
		j.title = rest
	case "message":
		j.message(rest)
	case "code":
		if rest == "" {
			rest = "code"
		}
		j.words[rest] = j.s.sendCode(j.m)
	case "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			j.t.Fatal(err)
		}
		j.s.clock.Add(d)
	case "status", "at", "has", "lacks", "state", "jobs":
		j.check(word, rest)
	default:
		j.act(n, word, rest)
	}
}

func (j *journey) message(kind string) {
	j.t.Helper()
	switch kind {
	case "level1":
		j.m, j.words["link"] = j.s.level1()
		j.words["sender"] = j.s.link(j.m, message.All)
	case "level2":
		j.m, j.words["link"] = j.s.level2()
		j.words["sender"] = j.s.link(j.m, message.All)
	case "held":
		j.m, j.words["sender"] = j.s.held()
	default:
		j.t.Fatalf("message %q", kind)
	}
}

func (j *journey) act(n int, name, rest string) {
	j.t.Helper()
	b := j.browsers[name]
	if b == nil {
		b = j.s.browser()
		j.browsers[name] = b
	}
	what, rest, _ := strings.Cut(rest, " ")
	path, fields, _ := strings.Cut(rest, " ")
	switch what {
	case "lang":
		b.header.Set("Accept-Language", path)
		return
	case "get":
		j.last = b.get(path)
	case "post":
		form := url.Values{}
		for field := range strings.SplitSeq(fields, ";") {
			if k, v, ok := strings.Cut(strings.TrimSpace(field), "="); ok {
				form.Set(k, v)
			}
		}
		j.last = b.do(http.MethodPost, path, form)
	case "link": // the worker sends a recipient a fresh link
		i, err := strconv.Atoi(path)
		if err != nil {
			j.t.Fatal(err)
		}
		j.words["link"] = j.s.link(j.s.reload(j.m), i)
		return
	default:
		j.t.Fatalf("line %d: what is %q", n, what)
	}
	j.words["page"] = j.last.where
}

func (j *journey) check(word, rest string) {
	j.t.Helper()
	switch word {
	case "status":
		if got := strconv.Itoa(j.last.status); got != rest {
			j.t.Errorf("status %s\n%s", got, j.last.body)
		}
	case "at":
		if !strings.HasPrefix(j.last.where, rest) {
			j.t.Errorf("at %s", j.last.where)
		}
	case "has":
		if !strings.Contains(plain(j.last.body), rest) {
			j.t.Errorf("lacks it:\n%s", j.last.body)
		}
	case "lacks":
		if strings.Contains(plain(j.last.body), rest) {
			j.t.Errorf("has it:\n%s", j.last.body)
		}
	case "state":
		i, state, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(i)
		if err != nil {
			j.t.Fatal(err)
		}
		if got := j.s.reload(j.m).Recipients[n].State.String(); got != state {
			j.t.Errorf("state %s", got)
		}
	case "jobs":
		kind, count, _ := strings.Cut(rest, " ")
		if got := strconv.Itoa(len(j.s.jobs(j.m, message.JobKind(kind)))); got != count {
			j.t.Errorf("%s jobs", got)
		}
	}
}
