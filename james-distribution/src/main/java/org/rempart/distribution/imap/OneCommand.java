/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import java.io.IOException;
import java.lang.reflect.Method;
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
    /** Only those who read for themselves may call it. */
    private static final Method CONTINUATION = continuation();

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

    /**
     * Reads a literal. What announces it is read in one line, too, and the client is asked for its bytes only when their
     * number is one.
     */
    @Override
    public ImmutablePair<Integer, Literal> consumeLiteral(boolean withLineEnd) throws IOException {
        consumeChar('{');
        StringBuilder digits = new StringBuilder();
        while (nextChar() >= '0' && nextChar() <= '9') {
            digits.append(consume());
        }
        boolean waits = nextChar() != '+';
        if (!waits) {
            consume();
        }
        consumeChar('}');
        int size = size(digits.toString());
        if (nextChar() == '\r') {
            consume();
        }
        if (nextChar() != '\n') {
            throw new DecodingException(HumanReadableText.ILLEGAL_ARGUMENTS, "a literal begins with the next line");
        }
        whole.consume();
        if (waits) {
            commandContinuationRequest();
        }
        return ImmutablePair.of(size, whole.read(size, withLineEnd));
    }

    private static int size(String digits) throws DecodingException {
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException none) {
            throw new DecodingException(HumanReadableText.ILLEGAL_ARGUMENTS, "that is no size of a literal", none);
        }
    }

    @Override
    protected void commandContinuationRequest() {
        try {
            CONTINUATION.invoke(whole);
        } catch (ReflectiveOperationException changed) {
            throw new IllegalStateException("James asks for literals in another way now", changed);
        }
    }

    private static Method continuation() {
        try {
            Method method = ImapRequestLineReader.class.getDeclaredMethod("commandContinuationRequest");
            method.setAccessible(true);
            return method;
        } catch (NoSuchMethodException changed) {
            throw new IllegalStateException("James asks for literals in another way now", changed);
        }
    }
}
