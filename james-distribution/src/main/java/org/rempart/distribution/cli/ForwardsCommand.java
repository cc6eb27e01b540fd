/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.rempart.distribution.home.Home;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.forwards.ForwardHandling;
import org.rempart.policy.forwards.ForwardPolicy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Addresses whose mail is sent on, also to the outside. */
@Command(
        name = "forwards",
        description = "List, add and remove addresses whose mail is sent on, also to addresses of other servers.",
        footer = {"", "Whether mail may be sent on to other servers, <forwards> in conf/rempart.xml says."})
final class ForwardsCommand extends Group {
    /** Mail for {@code address} is sent on to {@code target}. */
    record Forward(String address, String target) {}

    /** Those of an account, and those of an address that is none, as James's routes know them. */
    private static final Map<String, String> ROUTES =
            Map.of("Forward", "/address/forwards/", "Address", "/mappings/address/");

    ForwardsCommand(Home home) {
        super(home);
    }

    /** Lists them. */
    @Command(description = "List the forwards, one a line: ADDRESS TARGET.")
    int list(@Option(names = "--json", description = "as JSON: [{\"address\": …, \"target\": …}, …]") boolean json)
            throws IOException, InterruptedException {
        List<Forward> forwards = new ArrayList<>();
        JsonNode mappings = server().get("/mappings");
        mappings.fieldNames()
                .forEachRemaining(address -> mappings.get(address).forEach(mapping -> {
                    if (ROUTES.containsKey(mapping.path("type").asText())) {
                        forwards.add(
                                new Forward(address, mapping.path("mapping").asText()));
                    }
                }));
        if (json) {
            printJson(forwards);
        } else {
            forwards.forEach(forward -> out().println(forward.address() + " " + forward.target()));
        }
        return 0;
    }

    /** Adds one. */
    @Command(
            description =
                    "Send the mail of an address on to another one. An account gets no copy any more, unless it is"
                            + " sent on to the account itself, too.")
    int add(
            @Parameters(paramLabel = "ADDRESS", description = "such as alice@example.com") String address,
            @Parameters(paramLabel = "TARGET", description = "where its mail goes, here or elsewhere") String target)
            throws IOException, InterruptedException {
        if (!isOurs(address)) {
            throw new IOException(address + " is in none of the domains; bin/rempart domains list names them");
        }
        boolean leaves = !isOurs(target);
        ForwardPolicy policy = policy();
        if (leaves && policy.outside().verdict() == ForwardHandling.REFUSE) {
            throw new IOException("mail must not be sent on to other servers, says "
                    + policy.outside().rule() + "; write outside=\"allow\" there, and restart the server");
        }
        boolean account = server().hasHead("/users/" + WebAdminClient.encoded(address));
        if (account) {
            server().put(path("Forward", address, target), "");
        } else {
            server().post(path("Address", address, target), "");
        }
        out().println("Mail for " + address + " is sent on to " + target + ".");
        if (account
                && targets(address).stream().noneMatch(other -> other.target().equalsIgnoreCase(address))) {
            out().println("The account gets no copy; for one: bin/rempart forwards add " + address + " " + address);
        }
        return 0;
    }

    /** Removes one. */
    @Command(description = "Send the mail of an address no longer on to another one.")
    int remove(
            @Parameters(paramLabel = "ADDRESS", description = "such as alice@example.com") String address,
            @Parameters(paramLabel = "TARGET", description = "where its mail goes") String target)
            throws IOException, InterruptedException {
        Target known = targets(address).stream()
                .filter(one -> one.target().equalsIgnoreCase(target))
                .findFirst()
                .orElseThrow(() -> new IOException("mail for " + address + " is not sent on to " + target
                        + "; bin/rempart forwards list shows what is sent where"));
        server().delete(path(known.type(), address, known.target()));
        out().println("Mail for " + address + " is sent on to " + target + " no more.");
        return 0;
    }

    private record Target(String type, String target) {}

    private List<Target> targets(String address) throws IOException, InterruptedException {
        List<Target> targets = new ArrayList<>();
        for (JsonNode mapping : server().get("/mappings/user/" + WebAdminClient.encoded(address))) {
            if (ROUTES.containsKey(mapping.path("type").asText())) {
                targets.add(new Target(
                        mapping.path("type").asText(), mapping.path("mapping").asText()));
            }
        }
        return targets;
    }

    private boolean isOurs(String address) throws IOException, InterruptedException {
        String domain = address.substring(address.lastIndexOf('@') + 1);
        return !domain.isEmpty() && server().has("/domains/" + WebAdminClient.encoded(domain));
    }

    private ForwardPolicy policy() throws IOException {
        try {
            return PolicyFile.read(home().conf("rempart.xml")).forwards();
        } catch (PolicyException fault) {
            throw new IOException(fault.getMessage(), fault);
        }
    }

    private static String path(String type, String address, String target) {
        return ROUTES.get(type) + WebAdminClient.encoded(address) + "/targets/" + WebAdminClient.encoded(target);
    }
}
