// Package sandbox runs [extract] in child processes that may die.
//
// A child is the same binary, re-executed with one hidden argument. It inherits three
// pipes and nothing else: no environment, no open files, no keys. Before it reads its
// first message it gives up what it does not need: landlock (no files, no network, where
// the kernel has it), a network and user namespace of its own (where that is allowed),
// limits on memory, processor time, files and core dumps. It dies with its parent.
//
// Plain mail never comes here: it is read in the calling process under the same limits.
// A message with parts that must be opened, or one that must be read a second time because
// it is not well-formed, is streamed to a child of a pool that is kept warm. A child that dies, or does not answer before its deadline, is killed and replaced,
// and the message gets one more try in a fresh child; only if that fails too is it
// unreadable by timeout. When more than 5 % of the last 200 messages end so, the gateway
// itself is ill and [ErrUnhealthy] says so: that is no verdict on a message.
//
// What a message takes in the calling process, from the reading until it is judged, is bounded for all messages together
// ([Pool.Read]): a large one waits for room, and is put off ([ErrBusy]) when it waits too long.
//
// Pictures, where they are to be read, are a work of their own. The child that reads a message decodes them and draws scanned
// pages, and hands out pixels; it cannot start a program. A second kind of child takes pixels, one picture at a time, and has tesseract read them: it may
// start that one program, which may read its libraries and languages, and it never sees what a sender wrote. Its failures are
// told from a message's own limits in the same way: two fresh children, and a share of what fails.
//
// The wire between the two is frames: a type byte, a length of four bytes (big endian),
// the payload. Parent to child: setup (JSON) once, then limits (JSON), data and end of a
// message. Child to parent: hello (JSON) once, then one answer (JSON) a message, and the pixels of its pictures. A picture goes to a reader
// as its size (JSON), data and end. What a child says is checked like any input.
package sandbox
