// Package yamlfile reads strict YAML with line, column and nearest key in every error; it is the only import of yaml.v3.
//
// A file that an administrator writes by hand must either mean what it says or be refused with the place of the mistake.
// So the rules are narrower than YAML's:
//
//   - One document in UTF-8, at most MaxBytes long; an empty file is an empty map.
//   - Keys are plain words, each at most once; a key nobody asked for is an error that names the nearest known one.
//   - Plain scalars follow the core schema of YAML 1.2.2 (section 10.3), so `no`, `on` and `12:30` are strings.
//     A string takes the text of any scalar as it stands (0123 stays "0123"); a bool takes only true and false; a number
//     takes no quotes, no leading zeros and no underscores.
//   - A key without a value leaves a map or list as it is and is an error everywhere else.
//   - No tags, no merge keys, and aliases only as long as they do not blow the file up.
//
// All problems of a file are reported together, as Errors.
package yamlfile
