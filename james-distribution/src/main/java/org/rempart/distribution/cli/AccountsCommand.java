/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.rempart.distribution.home.Home;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which accounts may send, and what they have sent. */
@Command(name = "accounts", description = "Look at what accounts send, hold them, and release them.")
final class AccountsCommand extends Group {
    private static final String ACCOUNTS = "/rempart/accounts";
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    /** What becomes of mail that waits. */
    enum WaitingMail {
        SEND,
        DELETE
    }

    AccountsCommand(Home home) {
        super(home);
    }

    /** Lists accounts. */
    @Command(description = "List accounts that are held, or have sent something within a window of a limit.")
    int list(
            @Option(names = "--held", description = "only those that are held") boolean heldOnly,
            @Option(names = "--json", description = "as JSON") boolean json)
            throws IOException, InterruptedException {
        List<JsonNode> accounts = new ArrayList<>();
        for (JsonNode account : server().get(ACCOUNTS)) {
            if (!heldOnly || account.path("held").asBoolean()) {
                accounts.add(account);
            }
        }
        if (json) {
            printJson(accounts);
            return 0;
        }
        accounts.forEach(this::print);
        if (accounts.isEmpty()) {
            out().println(heldOnly ? "No account is held." : "No account is held, or has sent anything of late.");
        }
        out().flush();
        return 0;
    }

    /** Shows an account. */
    @Command(description = "Show what an account has sent of late, and whether it may.")
    int show(
            @Parameters(paramLabel = "ACCOUNT") String account,
            @Option(names = "--json", description = "as JSON") boolean json)
            throws IOException, InterruptedException {
        JsonNode shown = server().get(path(account, ""));
        if (json) {
            printJson(shown);
            return 0;
        }
        print(shown);
        out().printf(
                        "    %d mails of it wait in queues, %d are kept in the repository var/mail/held%n",
                        shown.path("waitingMail").asLong(),
                        shown.path("keptMail").asLong());
        out().flush();
        return 0;
    }

    private void print(JsonNode account) {
        out().printf(
                        "%s  %s  %s%n",
                        plain(account.path("account").asText()),
                        account.path("held").asBoolean()
                                ? "held since " + plain(account.path("since").asText())
                                : "may send",
                        counts(account));
        if (account.path("held").asBoolean()) {
            out().printf("    %s%n", plain(account.path("reason").asText()));
        }
    }

    private static String counts(JsonNode account) {
        List<String> counts = new ArrayList<>();
        for (String what : List.of("messages", "recipients")) {
            for (Map.Entry<String, JsonNode> window : account.path(what).properties()) {
                counts.add(window.getValue().asLong() + " " + what + " in " + length(window.getKey()));
            }
        }
        return String.join(", ", counts);
    }

    private static String length(String duration) {
        return duration.replace("PT", "").replace("P", "").toLowerCase(java.util.Locale.ROOT);
    }

    /** Holds an account. */
    @Command(
            description =
                    "Hold an account: what it submits is refused, or kept (<held> of the policy), and its mail that waits for"
                            + " delivery to the outside stays in its queue.")
    int hold(
            @Parameters(paramLabel = "ACCOUNT") String account,
            @Option(names = "--reason", defaultValue = "", description = "why, for others and for later") String reason)
            throws IOException, InterruptedException {
        String parameter = reason.isBlank() ? "" : "?reason=" + WebAdminClient.encoded(reason);
        JsonNode answer = server().post(path(account, "/hold" + parameter), "");
        out().println(answer.path("changed").asBoolean() ? account + " is held." : account + " was held already.");
        out().flush();
        return 0;
    }

    /** Releases an account. */
    @Command(description = "Release an account, with nothing counted against it, and its mail that waits.")
    int release(
            @Parameters(paramLabel = "ACCOUNT") String account,
            @Option(
                            names = "--mail",
                            paramLabel = "send|delete",
                            description =
                                    "what becomes of its mail that waits in queues, or is kept; has to be given when there is"
                                            + " any")
                    WaitingMail mail)
            throws IOException, InterruptedException {
        String parameter = mail == null ? "" : "?mail=" + mail.name().toLowerCase(java.util.Locale.ROOT);
        JsonNode answer = server().patient(PATIENCE).post(path(account, "/release" + parameter), "");
        out().printf(
                        "%s is released; %d mails go on, %d are deleted.%n",
                        account,
                        answer.path("mailsSent").asLong(),
                        answer.path("mailsDeleted").asLong());
        out().flush();
        return 0;
    }

    private static String path(String account, String rest) {
        return ACCOUNTS + "/" + WebAdminClient.encoded(account) + rest;
    }
}
