package store

import "fmt"

// Table is one table of the store. Both drivers have the same tables with the same
// columns (package migrations), so that rows are made once, here, and a dump of one
// driver can be restored into the other.
type Table uint8

// The tables, in an order in which they can be filled.
const (
	TableInstallation Table = iota
	TableColumnKeys
	TableMessages
	TableWraps
	TablePayloads
	TableRecipients
	TableEvents
	TableAccesses
	TableLinks
	TableContacts
	TableJobs
	TableTraces
	TableTraceRecipients
	TableCounters
	TableRepeats
)

// Kind is the type of a column: string, int64 or []byte in Go.
type Kind byte

// The kinds of column. Only Bytes may be null.
const (
	Text Kind = iota
	Int
	Bytes
)

// Column is one column of a table.
type Column struct {
	Name string
	Kind Kind
}

type tableShape struct {
	name    string
	key     int // how many of the first columns make the primary key
	columns []Column
}

// tableShapes is the order of columns in every row.
var tableShapes = [...]tableShape{
	TableInstallation: {"installation", 1, []Column{
		{"id", Text}, {"ring", Text}, {"keys", Text}, {"check_value", Bytes}, {"made", Int}}},
	TableColumnKeys: {"column_keys", 2, []Column{
		{"org", Text}, {"month", Text}, {"key_id", Text}, {"wrap", Bytes}}},
	TableMessages: {"messages", 1, []Column{
		{"id", Text}, {"org", Text}, {"month", Text}, {"accepted", Int}, {"size", Int}, {"version", Int},
		{"place", Text}, {"from_hash", Bytes}, {"person_hash", Bytes}, {"private", Bytes}}},
	TableWraps: {"wraps", 2, []Column{
		{"message", Text}, {"slot", Text}, {"key_id", Text}, {"wrap", Bytes}}},
	TablePayloads: {"payloads", 2, []Column{
		{"message", Text}, {"seq", Int}, {"data", Bytes}}},
	TableRecipients: {"recipients", 2, []Column{
		{"message", Text}, {"idx", Int}, {"state", Text}, {"level", Int}, {"since", Int}, {"expires", Int},
		{"attempts", Int}, {"addr_hash", Bytes}, {"domain_hash", Bytes}, {"reply", Bytes}, {"private", Bytes}}},
	TableEvents: {"events", 2, []Column{
		{"message", Text}, {"seq", Int}, {"recipient", Int}, {"at", Int}, {"kind", Text}, {"detail", Bytes}}},
	TableAccesses: {"accesses", 1, []Column{
		{"id", Text}, {"org", Text}, {"month", Text}, {"message", Text}, {"recipient", Int}, {"private", Bytes}}},
	TableLinks: {"links", 1, []Column{
		{"hash", Bytes}, {"access", Text}}},
	TableContacts: {"contacts", 3, []Column{
		{"org", Text}, {"recipient_hash", Bytes}, {"sender_hash", Bytes}, {"id", Text}, {"month", Text}, {"private", Bytes}}},
	TableJobs: {"jobs", 1, []Column{
		{"id", Text}, {"kind", Text}, {"message", Text}, {"recipient", Int}, {"ref", Text},
		{"run_at", Int}, {"free_at", Int}, {"attempt", Int}, {"owner", Text}}},
	TableTraces: {"traces", 1, []Column{
		{"id", Text}, {"org", Text}, {"month", Text}, {"at", Int}, {"verdict", Int}, {"observed", Int},
		{"stored", Int}, {"from_hash", Bytes}, {"private", Bytes}}},
	TableTraceRecipients: {"trace_recipients", 2, []Column{
		{"trace", Text}, {"idx", Int}, {"addr_hash", Bytes}, {"domain_hash", Bytes}}},
	TableCounters: {"counters", 3, []Column{
		{"kind", Text}, {"hash", Bytes}, {"start", Int}, {"ends", Int}, {"count", Int}}},
	TableRepeats: {"repeats", 1, []Column{
		{"hash", Bytes}, {"message", Text}, {"ends", Int}}},
}

// Tables returns all tables in an order in which they can be filled.
func Tables() []Table {
	all := make([]Table, len(tableShapes))
	for i := range all {
		all[i] = Table(i)
	}
	return all
}

// String returns the name of the table.
func (t Table) String() string {
	if int(t) < len(tableShapes) {
		return tableShapes[t].name
	}
	return fmt.Sprintf("table(%d)", uint8(t))
}

// Columns returns the columns, the primary key's first. The slice must not be changed.
func (t Table) Columns() []Column { return tableShapes[t].columns }

// Key returns of how many of the first columns the primary key is made.
func (t Table) Key() int { return tableShapes[t].key }

// OfMessage returns the tables whose rows belong to a message by their column "message",
// in an order in which they can be emptied. Links belong to it by its accesses.
func OfMessage() []Table {
	return []Table{TableAccesses, TableWraps, TablePayloads, TableRecipients, TableEvents, TableJobs}
}

// Row is one row, its values in the order of the table's columns: string, int64 or
// []byte, nil for null. As the name of a row to delete it holds the first columns of
// the key only.
type Row struct {
	Table  Table
	Values []any
}

// Installation is the one row that says which key ring the store was sealed with.
type Installation struct {
	ID, Ring, Keys string
	Check          []byte
	Made           int64
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *Installation) Dest() []any { return []any{&r.ID, &r.Ring, &r.Keys, &r.Check, &r.Made} }

// Row returns the row to write.
func (r *Installation) Row() Row {
	return Row{TableInstallation, []any{r.ID, r.Ring, r.Keys, r.Check, r.Made}}
}

// KeyRow is the wrapped column key of an organisation's month.
type KeyRow struct {
	Org, Month, KeyID string
	Wrap              []byte
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *KeyRow) Dest() []any { return []any{&r.Org, &r.Month, &r.KeyID, &r.Wrap} }

// Row returns the row to write.
func (r *KeyRow) Row() Row { return Row{TableColumnKeys, []any{r.Org, r.Month, r.KeyID, r.Wrap}} }

// MessageRow is a message without its recipients.
type MessageRow struct {
	ID, Org, Month          string
	Accepted, Size, Version int64
	Place                   string // PlaceDatabase or PlaceDir
	From, Person            []byte
	Private                 []byte
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *MessageRow) Dest() []any {
	return []any{&r.ID, &r.Org, &r.Month, &r.Accepted, &r.Size, &r.Version, &r.Place, &r.From, &r.Person, &r.Private}
}

// Row returns the row to write.
func (r *MessageRow) Row() Row {
	return Row{TableMessages, []any{r.ID, r.Org, r.Month, r.Accepted, r.Size, r.Version, r.Place, r.From, r.Person, r.Private}}
}

// WrapRow is the wrapped key of a payload. The slot says what opens it: "" is the ring's,
// and the only one that is written yet.
type WrapRow struct {
	Message, Slot, KeyID string
	Wrap                 []byte
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *WrapRow) Dest() []any { return []any{&r.Message, &r.Slot, &r.KeyID, &r.Wrap} }

// Row returns the row to write.
func (r *WrapRow) Row() Row { return Row{TableWraps, []any{r.Message, r.Slot, r.KeyID, r.Wrap}} }

// RecipientRow is one recipient of a message.
type RecipientRow struct {
	Message                         string
	Index                           int64
	State                           string
	Level, Since, Expires, Attempts int64
	Addr, Domain                    []byte
	Reply                           []byte // the last reply, sealed apart so that an outcome can write it blindly
	Private                         []byte
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *RecipientRow) Dest() []any {
	return []any{&r.Message, &r.Index, &r.State, &r.Level, &r.Since, &r.Expires, &r.Attempts,
		&r.Addr, &r.Domain, &r.Reply, &r.Private}
}

// Row returns the row to write.
func (r *RecipientRow) Row() Row {
	return Row{TableRecipients, []any{r.Message, r.Index, r.State, r.Level, r.Since, r.Expires, r.Attempts,
		r.Addr, r.Domain, r.Reply, r.Private}}
}

// EventRow is one event.
type EventRow struct {
	Message            string
	Seq, Recipient, At int64
	Kind               string
	Detail             []byte
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *EventRow) Dest() []any {
	return []any{&r.Message, &r.Seq, &r.Recipient, &r.At, &r.Kind, &r.Detail}
}

// Row returns the row to write.
func (r *EventRow) Row() Row {
	return Row{TableEvents, []any{r.Message, r.Seq, r.Recipient, r.At, r.Kind, r.Detail}}
}

// AccessRow is one access. Its links are rows of their own too, to be found by.
type AccessRow struct {
	ID, Org, Month, Message string
	Recipient               int64
	Private                 []byte
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *AccessRow) Dest() []any {
	return []any{&r.ID, &r.Org, &r.Month, &r.Message, &r.Recipient, &r.Private}
}

// Row returns the row to write.
func (r *AccessRow) Row() Row {
	return Row{TableAccesses, []any{r.ID, r.Org, r.Month, r.Message, r.Recipient, r.Private}}
}

// ContactRow is one remembered number.
type ContactRow struct {
	Org               string
	Recipient, Sender []byte
	ID, Month         string
	Private           []byte
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *ContactRow) Dest() []any {
	return []any{&r.Org, &r.Recipient, &r.Sender, &r.ID, &r.Month, &r.Private}
}

// Row returns the row to write.
func (r *ContactRow) Row() Row {
	return Row{TableContacts, []any{r.Org, r.Recipient, r.Sender, r.ID, r.Month, r.Private}}
}

// JobRow is one job.
type JobRow struct {
	ID, Kind, Message string
	Recipient         int64
	Ref               string
	RunAt             int64 // when it is due
	FreeAt            int64 // when it may be claimed: RunAt, or the end of a lease
	Attempt           int64
	Owner             string // the node whose lease it is, "" for none
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *JobRow) Dest() []any {
	return []any{&r.ID, &r.Kind, &r.Message, &r.Recipient, &r.Ref, &r.RunAt, &r.FreeAt, &r.Attempt, &r.Owner}
}

// Row returns the row to write.
func (r *JobRow) Row() Row {
	return Row{TableJobs, []any{r.ID, r.Kind, r.Message, r.Recipient, r.Ref, r.RunAt, r.FreeAt, r.Attempt, r.Owner}}
}

// TraceRow is one trace without the hashes of its recipients.
type TraceRow struct {
	ID, Org, Month                string
	At, Verdict, Observed, Stored int64
	From                          []byte
	Private                       []byte
}

// Dest returns where to scan the columns of the table to, in their order.
func (r *TraceRow) Dest() []any {
	return []any{&r.ID, &r.Org, &r.Month, &r.At, &r.Verdict, &r.Observed, &r.Stored, &r.From, &r.Private}
}

// Row returns the row to write.
func (r *TraceRow) Row() Row {
	return Row{TableTraces, []any{r.ID, r.Org, r.Month, r.At, r.Verdict, r.Observed, r.Stored, r.From, r.Private}}
}
