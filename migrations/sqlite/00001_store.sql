-- The store of one installation. Times are microseconds since 1970 UTC, 0 for none.
-- Sealed columns are called private, detail, reply or data; wrap is a key sealed by the
-- ring; look-up columns end
-- in _hash. Keep this file and its twin in ../postgres alike, column by column; the
-- indexes may differ. Ids begin with their time: what is ordered by id is ordered by age.

-- +goose Up
create table installation (
	id          text not null primary key,
	ring        text not null,
	keys        text not null, -- ids of the ring's keys that were used, separated by spaces
	check_value blob not null,
	made        integer not null
) strict;

create table column_keys (
	org    text not null,
	month  text not null, -- 2026-11
	key_id text not null,
	wrap   blob not null,
	primary key (org, month)
) strict, without rowid;

create table messages (
	id          text not null primary key,
	org         text not null,
	month       text not null, -- whose column key seals what belongs to the message
	accepted    integer not null,
	size        integer not null,
	version     integer not null,
	place       text not null, -- where the payload lies: database or dir
	from_hash   blob,
	person_hash blob,
	private     blob not null
) strict, without rowid;
create index messages_from on messages (from_hash) where from_hash is not null;
create index messages_person on messages (person_hash) where person_hash is not null;

-- A payload lives as long as its wrap: deleting the wrap deletes the message.
create table wraps (
	message text not null,
	slot    text not null, -- '' is the server's own
	key_id  text not null,
	wrap    blob not null,
	primary key (message, slot)
) strict, without rowid;

-- Chunks of large payloads are written before their message, so that nothing refers to it.
create table payloads (
	message text not null,
	seq     integer not null,
	data    blob not null,
	primary key (message, seq)
) strict, without rowid;

create table recipients (
	message     text not null,
	idx         integer not null,
	state       text not null,
	level       integer not null,
	since       integer not null,
	expires     integer not null,
	attempts    integer not null,
	addr_hash   blob,
	domain_hash blob,
	reply       blob,
	private     blob not null,
	primary key (message, idx)
) strict, without rowid;
create index recipients_addr on recipients (addr_hash);
create index recipients_domain on recipients (domain_hash);
-- Most recipients are delivered: whoever looks for those looks by something else too.
create index recipients_state on recipients (state) where state <> 'delivered';

create table events (
	message   text not null,
	seq       integer not null, -- version of the message times 65536, plus the place in that write
	recipient integer not null,
	at        integer not null,
	kind      text not null,
	detail    blob,
	primary key (message, seq)
) strict, without rowid;

create table accesses (
	id        text not null primary key,
	org       text not null,
	month     text not null,
	message   text not null references messages (id),
	recipient integer not null,
	private   blob not null
) strict;
create unique index accesses_of on accesses (message, recipient);

create table links (
	hash   blob not null primary key,
	access text not null references accesses (id)
) strict, without rowid;
create index links_access on links (access);

create table contacts (
	org            text not null,
	recipient_hash blob not null,
	sender_hash    blob not null, -- empty: proven, counts for the organisation
	id             text not null,
	month          text not null,
	private        blob not null,
	primary key (org, recipient_hash, sender_hash)
) strict, without rowid;

create table jobs (
	id        text not null primary key,
	kind      text not null,
	message   text not null,
	recipient integer not null,
	ref       text not null,
	run_at    integer not null,
	free_at   integer not null, -- when it may be claimed: run_at, or the end of a lease
	attempt   integer not null,
	owner     text not null     -- the node whose lease it is, '' for none
) strict, without rowid;
create index jobs_free on jobs (free_at);
create index jobs_message on jobs (message);

create table traces (
	id        text not null primary key,
	org       text not null,
	month     text not null,
	at        integer not null,
	verdict   integer not null,
	observed  integer not null,
	stored    integer not null,
	from_hash blob,
	private   blob not null
) strict, without rowid;
create index traces_at on traces (at);
create index traces_from on traces (from_hash) where from_hash is not null;

create table trace_recipients (
	trace       text not null,
	idx         integer not null,
	addr_hash   blob not null,
	domain_hash blob not null,
	primary key (trace, idx)
) strict, without rowid;
create index trace_recipients_addr on trace_recipients (addr_hash);
create index trace_recipients_domain on trace_recipients (domain_hash);

create table counters (
	kind  text not null,
	hash  blob not null,
	start integer not null, -- of the window, 0 for one that never ends
	ends  integer not null,
	count integer not null,
	primary key (kind, hash, start)
) strict, without rowid;

create table repeats (
	hash    blob not null primary key,
	message text not null,
	ends    integer not null
) strict, without rowid;
create index repeats_ends on repeats (ends);
