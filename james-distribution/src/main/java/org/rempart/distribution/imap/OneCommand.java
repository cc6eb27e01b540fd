/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import java.io.IOException;
import java.nio.charset.Charset;
import org.apache.commons.lang3.tuple.ImmutablePair;
import org.apache.james.imap.api.display.HumanReadableText;
import org.apache.james.imap.decode.DecodingException;
import org.apache.james.imap.decode.ImapRequestLineReader;
import org.apache.james.imap.message.Literal;

/**
 * A command as its parser reads it: up to the end of its line, of which only literals have any (RFC 9051, section 4.3). A
 * parser that looks for the end of something in the next line would wait until the client sends one.
 */
final class OneCommand extends ImapRequestLineReader {
    private final ImapRequestLineReader whole;

    OneCommand(ImapRequestLineReader whole) {
        this.whole = whole;
    }

    @Override
    public char nextChar() throws DecodingException {
        return whole.nextChar();
    }

    /** @throws DecodingException at the line's end, which is left to what reads the connection */
    @Override
    public char consume() throws DecodingException {
        if (whole.nextChar() == '\n') {
            throw new DecodingException(HumanReadableText.ILLEGAL_ARGUMENTS, "the command ends too early");
        }
        return whole.consume();
    }

    @Override
    public Literal read(int size, boolean withLineEnd) throws IOException {
        return whole.read(size, withLineEnd);
    }

    // The line's end before a literal is part of it.

    @Override
    public String consumeLiteral(Charset charset) throws DecodingException {
        return whole.consumeLiteral(charset);
    }

    @Override
    public ImmutablePair<Integer, Literal> consumeLiteral(boolean withLineEnd) throws IOException {
        return whole.consumeLiteral(withLineEnd);
    }

    /** Only literals ask for it, which are read above. */
    @Override
    protected void commandContinuationRequest() {
        throw new IllegalStateException("no literal is read here");
    }
}
