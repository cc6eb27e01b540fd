/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.james.protocols.api.handler.WiringException;

/**
 * What the handlers of one listener need of each other. A listener that has one of ours and lacks what it relies on would
 * start without a word, and be open: it does not start.
 */
final class ListenerCheck {
    /** What makes a listener one where accounts log in and send; one of these without the others leaves a way around it. */
    private static final List<Class<?>> SUBMISSION = List.of(
            SessionGuard.class,
            StrictLinesFilter.class,
            SubmissionAuditHook.class,
            LoginFailuresHook.class,
            RequireTlsHook.class,
            RequireAuthHook.class,
            OwnSenderHook.class,
            OwnFromHook.class,
            AccountLimitsHook.class,
            FilterHook.class);

    private static final Set<Class<?>> OF_SUBMISSION =
            Set.of(RequireAuthHook.class, OwnSenderHook.class, OwnFromHook.class, AccountLimitsHook.class);

    /** By handler, those that it relies on wherever it stands. */
    private static final Map<Class<?>, List<Class<?>>> NEEDS = Map.of(
            RequireTlsHook.class, List.of(SessionGuard.class),
            LoginFailuresHook.class, List.of(SessionGuard.class, RequireTlsHook.class),
            UnusualUseHook.class, List.of(RequireAuthHook.class),
            SenderProofHook.class, List.of(SessionGuard.class, StrictLinesFilter.class),
            SpoofedSenderHook.class, List.of(SessionGuard.class),
            FilterHook.class, List.of(SessionGuard.class, StrictLinesFilter.class),
            RelayHook.class, List.of(SessionGuard.class, StrictLinesFilter.class),
            AccountLoginHook.class, List.of(SessionGuard.class, StrictLinesFilter.class));

    /** Before a handler, those that only work when they come first. */
    private static final Map<Class<?>, List<Class<?>>> BEFORE = Map.of(
            LoginFailuresHook.class, List.of(SessionGuard.class),
            RequireTlsHook.class, List.of(SessionGuard.class),
            RequireAuthHook.class, List.of(SessionGuard.class, RequireTlsHook.class),
            RefuseAuthHook.class, List.of(SessionGuard.class),
            KnownRecipientHook.class, List.of(ForwardedSenderHook.class),
            SpoofedSenderHook.class, List.of(SenderProofHook.class),
            RelayHook.class, List.of(SenderProofHook.class),
            FilterHook.class, List.of(SenderProofHook.class, SpoofedSenderHook.class, OwnFromHook.class),
            AccountLoginHook.class, List.of(LoginFailuresHook.class));

    private ListenerCheck() {}

    /**
     * Looks at the handlers of a listener.
     *
     * @param handlers all of them, in the order in which they are asked
     * @throws WiringException when one is missing, or stands too late; it says the line to write
     */
    static void check(List<?> handlers) throws WiringException {
        List<Class<?>> present = handlers.stream().map(Object::getClass).collect(Collectors.toList());
        boolean submission = present.stream().anyMatch(OF_SUBMISSION::contains);
        boolean refusesLogins = present.contains(RefuseAuthHook.class);
        if (submission && refusesLogins) {
            throw new WiringException(name(RefuseAuthHook.class) + " refuses the logins that "
                    + name(present.stream()
                            .filter(OF_SUBMISSION::contains)
                            .findFirst()
                            .orElseThrow())
                    + " asks for: a listener is either an MX, " + chain(MxHandlers.class) + ", or for submission, "
                    + chain(SubmissionHandlers.class));
        }
        String whole = chain(submission ? SubmissionHandlers.class : MxHandlers.class);
        for (Class<?> handler : present) {
            for (Class<?> needed : NEEDS.getOrDefault(handler, List.of())) {
                require(present, handler, needed, whole);
            }
            if (OF_SUBMISSION.contains(handler)) {
                for (Class<?> needed : SUBMISSION) {
                    require(present, handler, needed, whole);
                }
            }
            for (Class<?> first : BEFORE.getOrDefault(handler, List.of())) {
                if (present.contains(first) && present.indexOf(first) > present.indexOf(handler)) {
                    throw new WiringException(name(first) + " has to stand before " + name(handler) + ": move "
                            + line(first) + " up, or write " + whole + ", which has all of them in their order");
                }
            }
        }
        Optional<Class<?>> takesLogins =
                present.stream().filter(NEEDS::containsKey).findFirst();
        if (takesLogins.isPresent() && !refusesLogins && !present.contains(RequireTlsHook.class)) {
            throw new WiringException("this listener has " + name(takesLogins.get())
                    + ", and takes logins in clear text: add " + line(RefuseAuthHook.class)
                    + " where nobody logs in, or " + line(RequireTlsHook.class) + " where accounts do; or write "
                    + chain(MxHandlers.class) + " or " + chain(SubmissionHandlers.class)
                    + ", which have all of them in their order");
        }
    }

    private static void require(List<Class<?>> present, Class<?> handler, Class<?> needed, String whole)
            throws WiringException {
        if (!present.contains(needed)) {
            throw new WiringException("this listener has " + name(handler) + ", which needs " + name(needed) + ": add "
                    + line(needed) + ", or write " + whole + ", which has all of them in their order");
        }
    }

    private static String name(Class<?> handler) {
        return handler.getSimpleName();
    }

    private static String line(Class<?> handler) {
        return "<handler class=\"" + handler.getName() + "\"/>";
    }

    private static String chain(Class<?> handlers) {
        return "<handlerchain coreHandlersPackage=\"" + handlers.getName() + "\"/>";
    }
}
