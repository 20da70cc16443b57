package yamlfile

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want time.Duration
		show string
	}{
		{"90s", 90 * time.Second, "1m30s"},
		{"10m", 10 * time.Minute, "10m"},
		{"4h", 4 * time.Hour, "4h"},
		{"30d", 720 * time.Hour, "30d"},
		{"2w", 336 * time.Hour, "14d"},
		{"1d12h", 36 * time.Hour, "1d12h"},
		{"250ms", 250 * time.Millisecond, "250ms"},
		{"0s", 0, "0s"},
	}
	for _, tt := range tests {
		got, err := ParseDuration(tt.text)
		if err != nil || time.Duration(got) != tt.want || got.String() != tt.show {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", tt.text, got, err, tt.show)
		}
	}
	for _, bad := range []string{"", "5", "d", "-1d", "1.5h", "1h1h", "1h1d", "1 h", "1H", "1µs", "99999999999999999999s", "9999999999999d", "15250w300d15000d"} {
		if got, err := ParseDuration(bad); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", bad, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want Size
		show string
	}{
		{"256KB", 256 << 10, "256KB"},
		{"150MB", 150 << 20, "150MB"},
		{"150MiB", 150 << 20, "150MB"},
		{"1024MB", 1 << 30, "1GB"},
		{"1000B", 1000, "1000B"},
		{"0B", 0, "0B"},
	}
	for _, tt := range tests {
		got, err := ParseSize(tt.text)
		if err != nil || got != tt.want || got.String() != tt.show {
			t.Errorf("ParseSize(%q) = %v, %v; want %v", tt.text, got, err, tt.show)
		}
	}
	for _, bad := range []string{"", "5", "MB", "-1MB", "1.5MB", "1MB1KB", "1 MB", "1mb", "1M", "99999999999TB", "99999999999999999999B"} {
		if got, err := ParseSize(bad); err == nil {
			t.Errorf("ParseSize(%q) = %v, want an error", bad, got)
		}
	}
}

func FuzzUnits(f *testing.F) {
	for _, seed := range []string{"30d", "1d12h", "150MB", "1KiB", "0s", "5", "99999999999999999999w"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s); err == nil {
			if again, err := ParseDuration(d.String()); err != nil || again != d {
				t.Errorf("duration %q shows as %q, which reads as %v, %v", s, d, again, err)
			}
		}
		if size, err := ParseSize(s); err == nil {
			if again, err := ParseSize(size.String()); err != nil || again != size {
				t.Errorf("size %q shows as %q, which reads as %v, %v", s, size, again, err)
			}
		}
	})
}
