/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.rempart.distribution.home.Home;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The accounts. Where they live in a directory, they are changed there: the server then refuses all but {@code list}. */
@Command(name = "users", description = "List, add and remove accounts, and change their passwords.")
final class UsersCommand extends Group {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** To whom people write about a domain's mail: RFC 5321, section 4.5.1, and RFC 2142. */
    private static final List<String> CONTACTS = List.of("postmaster", "abuse");

    UsersCommand(Home home) {
        super(home);
    }

    /** Lists them. */
    @Command(description = "List the accounts, one a line.")
    int list(@Option(names = "--json", description = "as JSON: [{\"username\": …}, …]") boolean json)
            throws IOException, InterruptedException {
        JsonNode users = server().get("/users");
        if (json) {
            printJson(users);
        } else {
            users.forEach(user -> out().println(user.path("username").asText()));
        }
        return 0;
    }

    /** Adds one. */
    @Command(
            description = "Add an account. The password is asked for, or read as a line from standard input. Mail for "
                    + "postmaster and abuse of its domain goes to it where nobody gets it yet.")
    int add(@Parameters(paramLabel = "ADDRESS", description = "such as alice@example.com") String address)
            throws IOException, InterruptedException {
        server().put(path(address), body(Terminal.password(address, "users add")));
        out().println("The account " + address + " is there.");
        tellContacts(address);
        return 0;
    }

    /** The server has given them to it where nobody had them. */
    private void tellContacts(String address) throws IOException, InterruptedException {
        String domain = address.substring(address.lastIndexOf('@') + 1);
        for (String name : CONTACTS) {
            String contact = name + "@" + domain;
            for (JsonNode mapping : server().get("/mappings/user/" + WebAdminClient.encoded(contact))) {
                if (mapping.path("mapping").asText().equalsIgnoreCase(address)) {
                    out().println("Mail for " + contact + " goes to it, too; bin/rempart aliases gives it to another.");
                }
            }
        }
    }

    /** Changes a password. */
    @Command(description = "Change the password of an account. It is asked for, or read as a line from standard input.")
    int password(@Parameters(paramLabel = "ADDRESS", description = "such as alice@example.com") String address)
            throws IOException, InterruptedException {
        requireAccount(address);
        server().put(path(address) + "?force", body(Terminal.password(address, "users password")));
        out().println("The password of " + address + " is changed.");
        return 0;
    }

    /** Removes one. */
    @Command(description = "Remove an account. Its mailboxes are kept, for an account of that name to find them again.")
    int remove(
            @Parameters(paramLabel = "ADDRESS", description = "such as alice@example.com") String address,
            @Option(names = "--with-mailboxes", description = "delete its mailboxes, and all mail in them, as well")
                    boolean withMailboxes)
            throws IOException, InterruptedException {
        requireAccount(address);
        if (withMailboxes) {
            server().delete(path(address) + "/mailboxes");
        }
        server().delete(path(address));
        out().println("The account " + address + " is gone"
                + (withMailboxes ? ", and its mailboxes with it." : ". Its mailboxes are kept."));
        return 0;
    }

    private void requireAccount(String address) throws IOException, InterruptedException {
        if (server().hasHead(path(address))) {
            return;
        }
        throw new IOException("there is no account " + address + "; bin/rempart users list names those there are");
    }

    private static String path(String address) {
        return "/users/" + WebAdminClient.encoded(address);
    }

    private static String body(String password) throws JsonProcessingException {
        return JSON.writeValueAsString(Map.of("password", password));
    }
}
