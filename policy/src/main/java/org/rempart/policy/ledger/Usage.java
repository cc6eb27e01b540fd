/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.james.core.Username;

/** What is in an account's windows now. */
public final class Usage {
    private final Username account;
    private final Map<Duration, Long> messages;
    private final Map<Duration, Long> recipients;
    private final Hold hold;

    private Usage(Username account, Map<Duration, Long> messages, Map<Duration, Long> recipients, Hold hold) {
        this.account = account;
        this.messages = new TreeMap<>(messages);
        this.recipients = new TreeMap<>(recipients);
        this.hold = hold;
    }

    /**
     * What is in an account's windows.
     *
     * @param messages by the length of the window
     * @param recipients likewise
     * @param hold null when the account may send
     */
    public static Usage of(Username account, Map<Duration, Long> messages, Map<Duration, Long> recipients, Hold hold) {
        return new Usage(account, messages, recipients, hold);
    }

    public Username account() {
        return account;
    }

    /** Messages, by the length of the window. */
    public Map<Duration, Long> messages() {
        return new TreeMap<>(messages);
    }

    /** Recipients, by the length of the window. */
    public Map<Duration, Long> recipients() {
        return new TreeMap<>(recipients);
    }

    /** Empty when the account may send. */
    public Optional<Hold> hold() {
        return Optional.ofNullable(hold);
    }
}
