/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Locale;
import org.rempart.distribution.home.Home;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The domains that mail is received for. */
@Command(name = "domains", description = "List, add and remove the domains that mail is received for.")
final class DomainsCommand extends Group {
    DomainsCommand(Home home) {
        super(home);
    }

    /** Lists them. */
    @Command(description = "List the domains, one a line.")
    int list(@Option(names = "--json", description = "as a JSON array of names") boolean json)
            throws IOException, InterruptedException {
        JsonNode domains = server().get("/domains");
        if (json) {
            printJson(domains);
        } else {
            domains.forEach(domain -> out().println(domain.asText()));
        }
        return 0;
    }

    /** Adds one. */
    @Command(description = "Receive mail for a domain.")
    int add(@Parameters(paramLabel = "DOMAIN", description = "such as example.com") String domain)
            throws IOException, InterruptedException {
        server().put("/domains/" + WebAdminClient.encoded(domain), "");
        out().println("Mail for " + domain + " is received.");
        return 0;
    }

    /** Removes one. */
    @Command(description = "Receive no more mail for a domain. Its accounts must have been removed before.")
    int remove(@Parameters(paramLabel = "DOMAIN", description = "such as example.com") String domain)
            throws IOException, InterruptedException {
        String path = "/domains/" + WebAdminClient.encoded(domain);
        if (!server().has(path)) {
            throw new IOException(domain + " is none of the domains; bin/rempart domains list names them");
        }
        int accounts = 0;
        for (JsonNode user : server().get("/users")) {
            String name = user.path("username").asText().toLowerCase(Locale.ROOT);
            if (name.endsWith("@" + domain.toLowerCase(Locale.ROOT))) {
                accounts++;
            }
        }
        if (accounts > 0) {
            throw new IOException(domain + " has " + accounts
                    + " accounts, which would get no more mail; remove them first: bin/rempart users remove ADDRESS");
        }
        server().delete(path);
        out().println("Mail for " + domain + " is received no more.");
        return 0;
    }
}
