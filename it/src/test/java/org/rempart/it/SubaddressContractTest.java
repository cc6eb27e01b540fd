/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;

@Contract
@DisplayName("R1, A1: an address with a detail is the account's own, to write as and to be written to")
class SubaddressContractTest {
    private final Endpoints server = Trial.server();
    private final String detailed = server.user().replace("@", "+list@");

    /** As another server delivers it. */
    private SmtpReply deliver(String sender, String recipient, String marker) throws IOException {
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            return client.send(
                    sender, List.of(recipient), Mails.message("somebody@outside.example", recipient, marker));
        }
    }

    @Test
    void r1_mailForItIsTheAccounts() throws Exception {
        for (String sender : List.of("somebody@outside.example", "")) {
            String marker = Mails.marker();
            assertThat(deliver(sender, detailed, marker).code()).isEqualTo(250);
            Mails.awaitLocal(server, server.user(), server.password(), marker);
        }
        assertThat(deliver("somebody@outside.example", "nobody+list@" + server.domain(), Mails.marker())
                        .code())
                .isEqualTo(550);
    }

    @Test
    void a1_theAccountWritesAsItAndIsAnswered() throws Exception {
        String marker = Mails.marker();
        try (SmtpClient client = Mails.submission(server)) {
            assertThat(client.send(detailed, List.of(server.user2()), Mails.message(detailed, server.user2(), marker))
                            .code())
                    .isEqualTo(250);
        }
        Mails.awaitLocal(server, server.user2(), server.password2(), marker);
    }
}
