/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.ResolverConfig;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;
import org.xbill.DNS.dnssec.ValidatingResolver;

/** The DNS, by a recursive resolver, with DNSSEC checked here: nobody else's word is taken for it. */
public final class LiveDns implements Dns {
    /** The keys of the root, as IANA publishes them (root-anchors.xml): KSK-2017 and KSK-2024. */
    private static final String ROOT = """
            . IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
            . IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
            """;

    private static final int LOOKUPS = 400;

    private final Resolver plain;
    private final ValidatingResolver validating;
    private final Map<String, Answer> known = new ConcurrentHashMap<>();

    private LiveDns(Resolver plain, ValidatingResolver validating) {
        this.plain = plain;
        this.validating = validating;
    }

    /**
     * A resolver.
     *
     * @param server where it is asked; empty asks the system's first
     * @param anchors DS or DNSKEY records of the root, as a zone file; empty takes IANA's
     * @param patience for one question
     */
    public static LiveDns at(Optional<InetSocketAddress> server, Optional<String> anchors, Duration patience)
            throws IOException {
        InetSocketAddress address = server.or(() ->
                        ResolverConfig.getCurrentConfig().servers().stream().findFirst())
                .orElseThrow(() -> new IOException("this machine has no resolver; name one with --resolver"));
        SimpleResolver plain = new SimpleResolver(address);
        plain.setTimeout(patience);
        ValidatingResolver validating = new ValidatingResolver(plain);
        validating.setTimeout(patience);
        validating.loadTrustAnchors(
                new ByteArrayInputStream(anchors.orElse(ROOT).getBytes(StandardCharsets.US_ASCII)));
        return new LiveDns(plain, validating);
    }

    @Override
    public Answer look(String name, int type) {
        String key = name.toLowerCase(java.util.Locale.ROOT) + "/" + type;
        Answer answer = known.get(key);
        if (answer == null) {
            answer = known.size() >= LOOKUPS
                    ? new Answer(Status.FAILED, List.of(), false, LOOKUPS + " look-ups are enough")
                    : ask(name, type);
            known.put(key, answer);
        }
        return answer;
    }

    private Answer ask(String name, int type) {
        Name asked;
        try {
            asked = Name.fromString(name.endsWith(".") ? name : name + ".");
        } catch (TextParseException e) {
            return new Answer(Status.NONE, List.of(), false, "no name of the DNS");
        }
        Message question = Message.newQuery(Record.newRecord(asked, type, DClass.IN));
        try {
            Message secure = validating.send(question);
            if (secure.getRcode() == Rcode.NOERROR || secure.getRcode() == Rcode.NXDOMAIN) {
                return answer(secure, type, secure.getHeader().getFlag(Flags.AD));
            }
            // Without DNSSEC on the way there is no validation; an answer may still be had. A bogus one may not.
            Message insecure = plain.send(question);
            boolean bogus = insecure.getRcode() == Rcode.NOERROR && hasSignature(secure);
            if (bogus) {
                return new Answer(Status.FAILED, List.of(), false, "DNSSEC: the answer's signature is wrong");
            }
            if (insecure.getRcode() == Rcode.NOERROR || insecure.getRcode() == Rcode.NXDOMAIN) {
                return answer(insecure, type, false);
            }
            return new Answer(Status.FAILED, List.of(), false, "the DNS says " + Rcode.string(insecure.getRcode()));
        } catch (IOException e) {
            return new Answer(Status.FAILED, List.of(), false, "the DNS does not answer: " + e.getMessage());
        }
    }

    private static boolean hasSignature(Message message) {
        return message.getSection(Section.ANSWER).stream().anyMatch(record -> record.getType() == Type.RRSIG);
    }

    private static Answer answer(Message message, int type, boolean secure) {
        List<Record> records = message.getSection(Section.ANSWER).stream()
                .filter(record -> record.getType() == type || record.getType() == Type.CNAME)
                .toList();
        boolean found = records.stream().anyMatch(record -> record.getType() == type);
        return new Answer(found ? Status.FOUND : Status.NONE, records, secure, "");
    }
}
