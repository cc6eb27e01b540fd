/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.rempart.distribution.home.Home;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Addresses whose mail goes to another address. */
@Command(
        name = "aliases",
        description = "List, add and remove addresses whose mail goes to another address of this server.",
        footer = {"", "bin/rempart forwards sends mail on to other servers."})
final class AliasesCommand extends Group {
    /** Mail for {@code address} goes to {@code target}. */
    record Alias(String address, String target) {}

    AliasesCommand(Home home) {
        super(home);
    }

    /** Lists them. */
    @Command(description = "List the aliases, one a line: ADDRESS TARGET.")
    int list(@Option(names = "--json", description = "as JSON: [{\"address\": …, \"target\": …}, …]") boolean json)
            throws IOException, InterruptedException {
        List<Alias> aliases = aliases();
        if (json) {
            printJson(aliases);
        } else {
            aliases.forEach(alias -> out().println(alias.address() + " " + alias.target()));
        }
        return 0;
    }

    /** Adds one. */
    @Command(description = "Give the mail of an address to another one.")
    int add(
            @Parameters(paramLabel = "ADDRESS", description = "such as sales@example.com") String address,
            @Parameters(paramLabel = "TARGET", description = "the account that gets it") String target)
            throws IOException, InterruptedException {
        server().put(path(address, target), "");
        out().println("Mail for " + address + " goes to " + target + ".");
        return 0;
    }

    /** Removes one. */
    @Command(description = "Give the mail of an address no longer to another one.")
    int remove(
            @Parameters(paramLabel = "ADDRESS", description = "such as sales@example.com") String address,
            @Parameters(paramLabel = "TARGET", description = "the account that gets it") String target)
            throws IOException, InterruptedException {
        boolean known = aliases().stream()
                .anyMatch(alias -> alias.address().equalsIgnoreCase(address)
                        && alias.target().equalsIgnoreCase(target));
        if (!known) {
            throw new IOException("mail for " + address + " does not go to " + target
                    + "; bin/rempart aliases list shows what goes where");
        }
        server().delete(path(address, target));
        out().println("Mail for " + address + " goes to " + target + " no more.");
        return 0;
    }

    private List<Alias> aliases() throws IOException, InterruptedException {
        List<Alias> aliases = new ArrayList<>();
        for (JsonNode target : server().get("/address/aliases")) {
            for (JsonNode source : server().get("/address/aliases/" + WebAdminClient.encoded(target.asText()))) {
                aliases.add(new Alias(source.path("source").asText(), target.asText()));
            }
        }
        return aliases;
    }

    static String path(String address, String target) {
        return "/address/aliases/" + WebAdminClient.encoded(target) + "/sources/" + WebAdminClient.encoded(address);
    }
}
