/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.TreeSet;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.api.process.SelectedMailbox;
import org.apache.james.imap.encode.FakeImapSession;
import org.apache.james.mailbox.MessageUid;
import org.junit.jupiter.api.Test;

/** A change that comes while a client is told of others is told the next time, and once. */
class SelectedChangesTest {
    private static final MessageUid ONE = MessageUid.of(1);
    private static final MessageUid TWO = MessageUid.of(2);

    private final Set<MessageUid> flags = new TreeSet<>();
    private final Set<MessageUid> expunged = new TreeSet<>();
    private final SelectedMailbox james = (SelectedMailbox) Proxy.newProxyInstance(
            SelectedMailbox.class.getClassLoader(),
            new Class<?>[] {SelectedMailbox.class},
            (proxy, method, arguments) -> switch (method.getName()) {
                case "flagUpdateUids" -> new TreeSet<>(flags);
                case "expungedUids" -> new TreeSet<>(expunged);
                case "resetEvents" -> {
                    flags.clear();
                    yield null;
                }
                case "resetExpungedUids" -> {
                    expunged.clear();
                    yield null;
                }
                case "existsCount" -> 7L;
                default -> throw new UnsupportedOperationException(method.getName());
            });
    private final SelectedMailbox mailbox = SelectedChanges.of(james);

    @Test
    void flagsThatChangeWhileOthersAreTold() {
        flags.add(ONE);
        assertThat(mailbox.flagUpdateUids()).containsExactly(ONE);
        flags.add(TWO);
        mailbox.resetEvents();
        assertThat(mailbox.flagUpdateUids()).containsExactly(TWO);
        mailbox.resetEvents();
        assertThat(mailbox.flagUpdateUids()).isEmpty();
    }

    @Test
    void messagesThatGoWhileOthersAreTold() {
        expunged.add(ONE);
        assertThat(mailbox.expungedUids()).containsExactly(ONE);
        expunged.add(TWO);
        mailbox.resetExpungedUids();
        assertThat(mailbox.expungedUids()).containsExactly(TWO);
        mailbox.resetExpungedUids();
        assertThat(mailbox.expungedUids()).isEmpty();
    }

    @Test
    void whatCouldNotBeToldIsToldAgain() {
        flags.add(ONE);
        assertThat(mailbox.flagUpdateUids()).containsExactly(ONE);
        assertThat(mailbox.flagUpdateUids()).as("without an end to the first").containsExactly(ONE);
    }

    @Test
    void allElseIsTheMailboxItself() {
        assertThat(mailbox.existsCount()).isEqualTo(7);
        assertThatThrownBy(mailbox::recentCount).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void aSessionSelectsItSo() {
        ImapSession session = new FakeImapSession();
        SelectedChanges.selecting(session).selected(james).block();
        flags.add(ONE);
        session.getSelected().flagUpdateUids();
        flags.add(TWO);
        session.getSelected().resetEvents();
        assertThat(session.getSelected().flagUpdateUids()).containsExactly(TWO);
    }
}
