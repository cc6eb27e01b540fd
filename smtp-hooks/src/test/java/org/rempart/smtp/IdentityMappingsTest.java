/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.apache.james.core.Domain;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.lib.MappingSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.smtp.SmtpTestServer.Listener;

/** Whose an address is that leads somewhere: aliases, domain aliases and groups, in James's own tables and server. */
@Tag("james-3.8")
class IdentityMappingsTest {
    @TempDir
    private Path home;

    private SmtpTestServer server;

    private static MappingSource address(String localPart) {
        return MappingSource.fromUser(localPart, "ours.example");
    }

    /** info is an alias of alice, team a group with bob in it, also.example a domain of ours, by {@link SmtpTestServer}. */
    private void start(String delegations) throws Exception {
        server = SmtpTestServer.start(
                home,
                "<policy><submission><identity envelope='own' header='own'/>" + delegations + "</submission></policy>",
                Listener.submission()
                        // Who receives is another matter.
                        .handlers(SubmissionHandlers.OURS.stream()
                                .filter(handler -> handler != KnownRecipientHook.class)
                                .toArray(Class<?>[]::new)));
        RecipientRewriteTable mappings = server.mappings();
        mappings.addDomainAliasMapping(MappingSource.fromDomain(Domain.of("also.example")), Domain.of("ours.example"));
        mappings.addAliasMapping(address("contact"), "info@ours.example");
        mappings.addAliasMapping(address("office"), "team@ours.example");
        mappings.addGroupMapping(address("all"), "team@ours.example");
        mappings.addGroupMapping(address("all"), "info@ours.example");
        mappings.addGroupMapping(address("all"), "carol@elsewhere.example");
        mappings.addForwardMapping(address("alice"), "bob@ours.example");
        mappings.addForwardMapping(address("alice"), "alice@ours.example");
        mappings.addAddressMapping(address("sales"), "alice@ours.example");
        mappings.addAliasMapping(address("alice+club"), "bob@ours.example");
        mappings.addGroupMapping(address("readers"), "alice+news@ours.example");
        mappings.addAliasMapping(MappingSource.fromUser("only", "also.example"), "bob@ours.example");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void mayWriteAs(String account, String address, boolean may) throws Exception {
        try (SmtpClient client = server.connect(0).ehlo().startTls().ehlo().authenticate(account)) {
            client.command("MAIL FROM:<" + address + ">", may ? "250" : "553 5.7.1");
            client.command("RSET", "250");
            client.envelope(account, "someone@ours.example");
            String reply =
                    client.send("From: <" + address + ">\r\n\r\nbody\r\n.\r\n").reply();
            assertThat(reply).as("From of " + address).startsWith(may ? "250" : "553 5.7.1");
        }
    }

    @ParameterizedTest
    @CsvSource({
        // An alias, and one of an alias.
        "alice, info@ours.example, true",
        "alice, contact@ours.example, true",
        "bob, info@ours.example, false",
        "bob, contact@ours.example, false",
        // The same in a domain that is an alias, with a detail or without.
        "alice, alice@also.example, true",
        "alice, Info@ALSO.example, true",
        "alice, contact@also.example, true",
        "alice, alice+news@also.example, true",
        "alice, info+x@also.example, true",
        "bob, alice@also.example, false",
        "bob, alice+news@also.example, false",
        "alice, nobody@also.example, false",
        "alice, only@also.example, false",
        "bob, only@also.example, true",
        // An address with a detail that is somebody else's, in either domain.
        "alice, alice+club@ours.example, false",
        "alice, alice+club@also.example, false",
        "bob, alice+club@also.example, true",
        // A group is not its members', whatever leads to it or out of it.
        "bob, team@ours.example, false",
        "bob, team@also.example, false",
        "bob, team+x@ours.example, false",
        "bob, office@ours.example, false",
        "bob, all@ours.example, false",
        "alice, all@ours.example, false",
        // Who gets another's mail is not that other.
        "bob, alice@ours.example, false",
        "alice, alice@ours.example, true",
        "alice, sales@ours.example, false",
        // No domain of ours.
        "alice, alice@elsewhere.example, false",
    })
    void own(String account, String address, boolean may) throws Exception {
        start("");
        mayWriteAs(account + "@ours.example", address, may);
    }

    @ParameterizedTest
    @CsvSource({
        "bob, team@ours.example, true",
        "alice, team@ours.example, false",
        // A member of a group in it, and one by an alias.
        "bob, all@ours.example, true",
        "alice, all@ours.example, true",
        "alice, readers@ours.example, true",
        "bob, readers@ours.example, false",
        "bob, all@also.example, false",
        "bob, everybody@elsewhere.example, true",
        "alice, everybody@elsewhere.example, true",
    })
    void delegatedToMembers(String account, String address, boolean may) throws Exception {
        start("<delegate members='team@ours.example' as='team@ours.example'/>"
                + "<delegate members='readers@ours.example' as='readers@ours.example'/>"
                + "<delegate members='all@ours.example' as='all@ours.example, everybody@elsewhere.example'/>");
        mayWriteAs(account + "@ours.example", address, may);
    }
}
