/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.quickstart.client.ImapClient;

/** A server's mailboxes, looked at by IMAP over one connection for each account, which stays open. */
final class Mailboxes implements AutoCloseable {
    static final String PASSWORD = "correct horse battery staple 7";

    private static final Pattern MESSAGES = Pattern.compile("MESSAGES (\\d+)");

    /** Opens a connection. */
    interface Connector {
        ImapClient connect() throws IOException;
    }

    private final Connector connector;
    private final Map<Integer, ImapClient> connections = new ConcurrentHashMap<>();

    Mailboxes(Connector connector) {
        this.connector = connector;
    }

    /** How many messages a mailbox shows; 0 when there is none yet. */
    int count(int account) throws IOException {
        for (String line :
                connection(account).command("STATUS INBOX (MESSAGES)").lines()) {
            Matcher messages = MESSAGES.matcher(line);
            if (messages.find()) {
                return Integer.parseInt(messages.group(1));
            }
        }
        return 0;
    }

    List<String> names(int account) throws IOException {
        List<String> names = new ArrayList<>();
        if (count(account) == 0) {
            return names;
        }
        ImapClient connection = connection(account);
        must(connection.command("EXAMINE INBOX"));
        for (byte[] header : must(connection.command("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
                .literals()) {
            Mail.nameIn(new String(header, StandardCharsets.ISO_8859_1)).ifPresent(names::add);
        }
        must(connection.command("UNSELECT"));
        return names;
    }

    private ImapClient connection(int account) throws IOException {
        ImapClient open = connections.get(account);
        if (open == null) {
            open = connector.connect();
            connections.put(account, open);
            must(open.login(Mail.account(account), PASSWORD));
        }
        return open;
    }

    private static ImapClient.Answer must(ImapClient.Answer answer) throws IOException {
        if (!answer.ok()) {
            throw new IOException("The IMAP server says: " + answer);
        }
        return answer;
    }

    @Override
    public void close() throws IOException {
        for (ImapClient connection : connections.values()) {
            connection.close();
        }
        connections.clear();
    }
}
