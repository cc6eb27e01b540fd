/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The ways in which relaying is asked for: recipients, plain and disguised, and senders. */
final class RelayForms {
    /** What a recipient is, and so what its acceptance proves. */
    enum Kind {
        /** Plainly of a domain that is not ours: acceptance is relaying. */
        PLAIN,
        /** A foreign address in disguise: acceptance is relaying, unless any local recipient is taken. */
        DISGUISED,
        /** The server itself, or nonsense: acceptance is careless, and no relaying. */
        ODD
    }

    /**
     * A recipient.
     *
     * @param path what stands in {@code RCPT TO:<…>}
     */
    record Form(String path, Kind kind) {
        /** The command. */
        String command() {
            return "RCPT TO:<" + path + ">";
        }

        boolean plain() {
            return kind == Kind.PLAIN;
        }
    }

    private RelayForms() {}

    /**
     * All recipients.
     *
     * @param user a local part that no server has
     */
    static List<Form> recipients(String user, String ours, String foreign, InetAddress server) {
        String literal = literal(server);
        String wide = user + "\uff20" + foreign;
        List<Form> forms = new ArrayList<>();
        // What says whose it is.
        plain(
                forms,
                user + "@" + foreign,
                user + "@" + foreign.toUpperCase(Locale.ROOT),
                user + "@" + foreign + ".",
                "postmaster@" + foreign,
                "abuse@" + foreign,
                user + "@" + ours + "." + foreign,
                "@" + ours + ":" + user + "@" + foreign,
                "@" + literal + ":" + user + "@" + foreign,
                "@" + ours + ",@" + foreign + ":" + user + "@" + foreign,
                "\"" + user + "\"@" + foreign,
                user + "@" + ours + "@" + foreign,
                user + "+" + ours + "@" + foreign,
                user + "%" + ours + "@" + foreign,
                "@" + foreign + ":" + user + "@" + foreign,
                user + "(@" + ours + ")@" + foreign);
        // What a server may rewrite into it: percent hack, bang path, quotes, literals, routes, gateways.
        disguised(
                forms,
                user + "%" + foreign + "@" + literal,
                user + "%" + foreign + "@" + ours,
                user + "%" + foreign + "%" + ours + "@" + ours,
                "\"" + user + "@" + foreign + "\"",
                "\"" + user + "%" + foreign + "\"",
                user + "@" + foreign + "@" + literal,
                "\"" + user + "@" + foreign + "\"@" + literal,
                "\"" + user + "@" + foreign + "\"@" + ours,
                "\"" + user + "%" + foreign + "\"@" + ours,
                "\"" + user + "@" + foreign + " \"@" + ours,
                user + "\\@" + foreign + "@" + ours,
                user + "@" + foreign + "@" + ours,
                user + "@" + foreign + "(" + ours + ")@" + ours,
                foreign + "!" + user,
                foreign + "!" + user + "@" + literal,
                foreign + "!" + user + "@" + ours,
                ours + "!" + foreign + "!" + user,
                "@" + foreign + ":" + user + "@" + ours,
                user + "[" + foreign + "]%" + ours + "@" + ours,
                user + "%" + foreign,
                user + "%" + foreign + "@localhost",
                user + "%" + foreign + "@",
                user + "@" + foreign + "%" + ours,
                user + "@" + foreign + "," + user + "@" + ours,
                "\"" + foreign + "!" + user + "\"@" + ours,
                user + "=" + foreign + "@" + ours,
                "SRS0=aaaa=bb=" + foreign + "=" + user + "@" + ours,
                "prvs=0000000000=" + user + "@" + foreign + "@" + ours,
                user + "#" + foreign + "@" + ours,
                foreign + "::" + user,
                "/PN=" + user + "/DD.RFC-822=" + user + "(a)" + foreign + "/@" + ours,
                wide + "@" + ours,
                user + "@" + foreign + ":25",
                user + "@[" + foreign + "]",
                "\"foo@" + foreign + "> ORCPT=a@b\"@" + ours);
        plain(forms, user + "@evil" + ours);
        for (String path : List.of(
                user + "@[321.1.2.3]",
                user + "@1.2.3",
                user + "@unknown-sub." + ours,
                user + "@localhost",
                user + "@" + literal,
                "@",
                "a@b@")) {
            forms.add(new Form(path, Kind.ODD));
        }
        return List.copyOf(forms);
    }

    private static void plain(List<Form> forms, String... paths) {
        for (String path : paths) {
            forms.add(new Form(path, Kind.PLAIN));
        }
    }

    private static void disguised(List<Form> forms, String... paths) {
        for (String path : paths) {
            forms.add(new Form(path, Kind.DISGUISED));
        }
    }

    /** Senders, by what they are. */
    static Map<String, String> senders(String user, String ours, String foreign, InetAddress server) {
        Map<String, String> senders = new LinkedHashMap<>();
        senders.put("foreign", user + "@" + foreign);
        senders.put("null", "");
        senders.put("ours", user + "@" + ours);
        senders.put("our postmaster", "postmaster@" + ours);
        senders.put("literal", user + "@" + literal(server));
        senders.put("localhost", user + "@localhost");
        senders.put("without a domain", user);
        senders.put("very long", user + "@" + ("a".repeat(60) + ".").repeat(4) + foreign);
        return senders;
    }

    private static String literal(InetAddress server) {
        String text = server.getHostAddress();
        return server instanceof java.net.Inet6Address ? "[IPv6:" + text.replaceAll("%.*", "") + "]" : "[" + text + "]";
    }
}
