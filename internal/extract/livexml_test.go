package extract

import (
	"strings"
	"testing"
)

// TestLiveXML: text that elements cut into pieces is read in one piece too.
func TestLiveXML(t *testing.T) {
	t.Parallel()
	const svg = `<svg xmlns="http://www.w3.org/2000/svg">`
	for _, text := range []string{
		`<?xml version="1.0"?><p>8901<b>02</b>-2387</p>`, `<?xml version="1.0"?><doc><p>x</p><p>8901<b><i>02</i>-</b>2387</p></doc>`,
		`<?xml version="1.0"?><a><p xmlns="http://www.w3.org/1999/xhtml"><b>8901</b><b>02</b>-2387</p></a>`,
		svg + `<foreignObject><p>8901<b>02</b>-2387</p></foreignObject></svg>`, svg + `<text>8901<tspan display="none">77</tspan>02-2387</text></svg>`,
		svg + `<text>8901<tspan style="visibility:hidden">77</tspan>02-2387</text></svg>`, svg + `<text>8901<title>77</title>02-2387</text></svg>`,
		svg + `<style>.x{display:none}</style><text>8901<tspan class="x">77</tspan><tspan>02-2387</tspan></text></svg>`,
		svg + `<text>8901<defs><text>77</text></defs>02-2387</text></svg>`, svg + `<text>8901<tspan fill="white">77</tspan>02-2387</text></svg>`,
	} {
		c := parseLimits(t, attached("a.xml", []byte(text)), Limits{})
		if !strings.Contains(dump(c), "890102-2387") || c.Unreadable != nil {
			t.Errorf("%s:\n%s", text, dump(c))
		}
	}
	for _, text := range []string{
		"<?xml version=\"1.0\"?><a><b>8901</b><c>02-2387</c></a>", "<?xml version=\"1.0\"?><a>\n <b>8901</b>\n <c>02-2387</c>\n</a>",
		svg + `<text>8901</text><text>02-2387</text></svg>`,
	} {
		if c := parseLimits(t, attached("a.xml", []byte(text)), Limits{}); strings.Contains(dump(c), "hidden") {
			t.Errorf("%s:\n%s", text, dump(c))
		}
	}
}
