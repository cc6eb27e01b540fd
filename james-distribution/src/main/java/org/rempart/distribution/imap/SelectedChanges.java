/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.api.process.SelectedMailbox;
import org.apache.james.mailbox.MessageUid;

/**
 * A selected mailbox as James has it, but what others changed in it is forgotten only when the client was told of it. James
 * asks for the changed flags when a command begins and forgets them when it ends, those that changed meanwhile among them:
 * the client shows what is no longer true until it asks.
 */
final class SelectedChanges {
    private final SelectedMailbox mailbox;
    private final Pending flags = new Pending();
    private final Pending expunged = new Pending();

    private SelectedChanges(SelectedMailbox mailbox) {
        this.mailbox = mailbox;
    }

    /** The session as a command that selects a mailbox shall see it: what it selects forgets nothing. */
    static ImapSession selecting(ImapSession session) {
        return proxy(ImapSession.class, (method, arguments) -> {
            if (method.getName().equals("selected")) {
                return session.selected(of((SelectedMailbox) arguments[0]));
            }
            return method.invoke(session, arguments);
        });
    }

    static SelectedMailbox of(SelectedMailbox mailbox) {
        SelectedChanges changes = new SelectedChanges(mailbox);
        return proxy(SelectedMailbox.class, changes::invoke);
    }

    private Object invoke(Method method, Object... arguments) throws ReflectiveOperationException {
        switch (method.getName()) {
            case "flagUpdateUids":
                return flags.tell(mailbox::flagUpdateUids);
            case "expungedUids":
                return expunged.tell(mailbox::expungedUids);
            case "resetEvents":
                flags.forget(mailbox::flagUpdateUids, mailbox::resetEvents);
                return null;
            case "resetExpungedUids":
                expunged.forget(mailbox::expungedUids, mailbox::resetExpungedUids);
                return null;
            default:
                return method.invoke(mailbox, arguments);
        }
    }

    @FunctionalInterface
    private interface Call {
        Object of(Method method, Object... arguments) throws ReflectiveOperationException;
    }

    private static <T> T proxy(Class<T> type, Call call) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    try {
                        return call.of(method, arguments);
                    } catch (InvocationTargetException failed) {
                        throw failed.getCause();
                    }
                }));
    }

    /** Changes that James may have forgotten, and the client was not told of. */
    private final class Pending {
        private final Set<MessageUid> missed = new TreeSet<>();
        private Set<MessageUid> told = Set.of();

        Collection<MessageUid> tell(Supplier<Collection<MessageUid>> known) {
            synchronized (mailbox) {
                missed.addAll(known.get());
                told = new TreeSet<>(missed);
                return told;
            }
        }

        /** With the lock that James has when another change comes. */
        void forget(Supplier<Collection<MessageUid>> known, Runnable all) {
            synchronized (mailbox) {
                missed.addAll(known.get());
                missed.removeAll(told);
                told = Set.of();
                all.run();
            }
        }
    }
}
