/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/** Bytes that look like headers often enough to be worth reading as one. */
public final class Headers {
    private static final List<String> PIECES = List.of(
            "\r\n",
            "\n",
            "\r",
            "\r\r\n",
            "\r\n ",
            "\n\t",
            ":",
            ": ",
            " ",
            "(",
            ")",
            "\\",
            "\"",
            ";",
            "\u0000",
            "\u00e9\u00ff",
            "Received: ",
            "RECEIVED :",
            "X-Hop-Count: 3",
            "X-Spam-Status: Yes",
            "X-Mailer: Acme",
            "Subject: hello",
            "Message-ID: <1.2@pc17.corp.local>",
            "References: <a@ex01.ours.example> <b@c.example>",
            "In-Reply-To: ",
            "<7@EX01>",
            "<8@[10.0.0.7]>",
            "MIME-Version: 1.0 (Acme)",
            "Authentication-Results: mx01.ours.example; iprev=pass policy.iprev=10.0.0.7",
            "Authentication-Results: ",
            "ARC-Authentication-Results: i=1; mx01.ours.example; spf=pass smtp.helo=ex01",
            "ARC-Seal: i=1; d=ours.example; cv=none",
            "ARC-Message-Signature: i=2; d=foreign.example; h=message-id",
            "X-Received: by 10.0.0.7 with SMTP id x; Tue, 24 Nov 2026 20:50:07 +0000",
            "Received-SPF: pass (ex01: domain of x designates 10.0.0.7) receiver=ex01; helo=pc17",
            "mx01.ours.example",
            "helo=ex02",
            "IPv6:",
            "::ffff:10.0.0.7",
            "DKIM-Signature: v=1; d=foreign.example; h=received:received:subject:x-mailer; b=xyz",
            "DKIM-Signature: v=1; d=ours.example; h=x-mailer; b=xyz",
            "From a@b.example Mon Jan  1 10:00:00 2026",
            "from ",
            "by ",
            "with ",
            "id ",
            "for ",
            "via ",
            "ex01.corp.local",
            "mx.foreign.example",
            "mx.ours.example",
            "mail.ours.example",
            "localhost",
            "10.0.0.7",
            "[192.168.1.2]",
            "([198.51.100.7])",
            "[IPv6:fe80::1]",
            "2001:db8::25",
            "999.1.1.1",
            "ESMTPSA",
            "SMTP",
            "HTTP",
            "Microsoft SMTP Server",
            "15.20.8890.16",
            "<123.abc@ntserver2>",
            "4XyZ12",
            "(Authenticated sender: bob)",
            "(qmail 12 invoked by uid 0)",
            "<bob@ours.example>",
            "; Tue, 24 Nov 2026 20:50:07 +0000",
            "Wed, 19 Jun 96 18:12 MES");

    private Headers() {}

    /** Any bytes, and runs of pieces of headers. */
    public static Arbitrary<byte[]> any() {
        Arbitrary<byte[]> bytes = Arbitraries.bytes().array(byte[].class).ofMaxSize(300);
        Arbitrary<byte[]> pieces = Arbitraries.of(PIECES)
                .list()
                .ofMaxSize(40)
                .map(list -> String.join("", list).getBytes(ISO_8859_1));
        Arbitrary<byte[]> lines = Arbitraries.of(PIECES)
                .list()
                .ofMaxSize(8)
                .map(list -> String.join("", list))
                .list()
                .ofMaxSize(12)
                .map(list -> (String.join("\r\n", list) + "\r\n\r\n").getBytes(ISO_8859_1));
        Arbitrary<byte[]> hops = Arbitraries.of(PIECES)
                .list()
                .ofMaxSize(14)
                .map(list -> "Received: " + String.join(" ", list))
                .list()
                .ofMaxSize(4)
                .map(list -> (String.join("\r\n", list) + "\r\n\r\n").getBytes(ISO_8859_1));
        return Arbitraries.oneOf(bytes, pieces, lines, hops);
    }
}
