-- The store of one installation. Times are microseconds since 1970 UTC, 0 for none.
-- Sealed columns are called private, detail, reply or data; wrap is a key sealed by the
-- ring; look-up columns end
-- in _hash. Keep this file and its twin in ../sqlite alike, column by column.

-- +goose Up
create table installation (
	id          text collate "C" not null primary key,
	ring        text collate "C" not null,
	keys        text collate "C" not null, -- ids of the ring's keys that were used, separated by spaces
	check_value bytea not null,
	made        bigint not null
);

create table column_keys (
	org    text collate "C" not null,
	month  text collate "C" not null, -- 2026-11
	key_id text collate "C" not null,
	wrap   bytea not null,
	primary key (org, month)
);

create table messages (
	id          text collate "C" not null primary key,
	org         text collate "C" not null,
	month       text collate "C" not null, -- whose column key seals what belongs to the message
	accepted    bigint not null,
	size        bigint not null,
	version     bigint not null,
	place       text collate "C" not null, -- where the payload lies: database or dir
	from_hash   bytea,
	person_hash bytea,
	private     bytea not null
);
alter table messages alter column private set storage external; -- sealed: compression is in vain
create index messages_accepted on messages (accepted);
create index messages_from on messages (from_hash) where from_hash is not null;
create index messages_person on messages (person_hash) where person_hash is not null;

-- A payload lives as long as its wrap: deleting the wrap deletes the message.
create table wraps (
	message text collate "C" not null,
	slot    text collate "C" not null, -- '' is the server's own
	key_id  text collate "C" not null,
	wrap    bytea not null,
	primary key (message, slot)
);
create index wraps_key on wraps (key_id);

-- Chunks of large payloads are written before their message, so that nothing refers to it.
create table payloads (
	message text collate "C" not null,
	seq     bigint not null,
	data    bytea not null,
	primary key (message, seq)
);
alter table payloads alter column data set storage external; -- sealed: compression is in vain

create table recipients (
	message     text collate "C" not null,
	idx         bigint not null,
	state       text collate "C" not null,
	level       bigint not null,
	since       bigint not null,
	expires     bigint not null,
	attempts    bigint not null,
	addr_hash   bytea,
	domain_hash bytea,
	reply       bytea,
	private     bytea not null,
	primary key (message, idx)
);
alter table recipients alter column private set storage external; -- sealed: compression is in vain
create index recipients_addr on recipients (addr_hash);
create index recipients_domain on recipients (domain_hash);
-- Most recipients are delivered: whoever looks for those looks by something else too.
create index recipients_state on recipients (state) where state <> 'delivered';

create table events (
	message   text collate "C" not null,
	seq       bigint not null, -- version of the message times 65536, plus the place in that write
	recipient bigint not null,
	at        bigint not null,
	kind      text collate "C" not null,
	detail    bytea,
	primary key (message, seq)
);

create table accesses (
	id        text collate "C" not null primary key,
	org       text collate "C" not null,
	month     text collate "C" not null,
	message   text collate "C" not null references messages (id),
	recipient bigint not null,
	private   bytea not null
);
create unique index accesses_of on accesses (message, recipient);

create table links (
	hash   bytea not null primary key,
	access text collate "C" not null references accesses (id)
);
create index links_access on links (access);

create table contacts (
	org            text collate "C" not null,
	recipient_hash bytea not null,
	sender_hash    bytea not null, -- empty: proven, counts for the organisation
	id             text collate "C" not null,
	month          text collate "C" not null,
	private        bytea not null,
	primary key (org, recipient_hash, sender_hash)
);

create table jobs (
	id        text collate "C" not null primary key,
	kind      text collate "C" not null,
	message   text collate "C" not null,
	recipient bigint not null,
	ref       text collate "C" not null,
	run_at    bigint not null,
	free_at   bigint not null, -- when it may be claimed: run_at, or the end of a lease
	attempt   bigint not null,
	owner     text collate "C" not null     -- the node whose lease it is, '' for none
);
create index jobs_free on jobs (free_at);
create index jobs_message on jobs (message);

create table traces (
	id        text collate "C" not null primary key,
	org       text collate "C" not null,
	month     text collate "C" not null,
	at        bigint not null,
	verdict   bigint not null,
	observed  bigint not null,
	stored    bigint not null,
	from_hash bytea,
	private   bytea not null
);
alter table traces alter column private set storage external; -- sealed: compression is in vain
create index traces_at on traces (at);
create index traces_from on traces (from_hash) where from_hash is not null;

create table trace_recipients (
	trace       text collate "C" not null,
	idx         bigint not null,
	addr_hash   bytea not null,
	domain_hash bytea not null,
	primary key (trace, idx)
);
create index trace_recipients_addr on trace_recipients (addr_hash);
create index trace_recipients_domain on trace_recipients (domain_hash);

create table counters (
	kind  text collate "C" not null,
	hash  bytea not null,
	start bigint not null, -- of the window, 0 for one that never ends
	ends  bigint not null,
	count bigint not null,
	primary key (kind, hash, start)
);

create table repeats (
	hash    bytea not null primary key,
	message text collate "C" not null,
	ends    bigint not null
);
create index repeats_ends on repeats (ends);
