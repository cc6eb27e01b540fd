/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.smtp.filter.FilterAnswer.Verdict;

/** What a filter over HTTP is sent, and what is made of its answer. */
@Timeout(30)
class HttpFilterTest {
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** What a server does once it has read a request. */
    private interface Reply {
        void send(OutputStream out) throws IOException, InterruptedException;
    }

    private FilterAnswer ask(Reply reply) throws IOException {
        return ask(reply, SampleMessage.plain());
    }

    private FilterAnswer ask(Reply reply, FilteredMessage message) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> served = CompletableFuture.runAsync(() -> serve(server, reply));
            try {
                return new HttpFilter("127.0.0.1", server.getLocalPort(), Duration.ofMillis(1_500)).ask(message);
            } finally {
                served.cancel(true);
            }
        }
    }

    private void serve(ServerSocket server, Reply reply) {
        try (Socket client = server.accept()) {
            InputStream in = client.getInputStream();
            StringBuilder request = new StringBuilder();
            while (request.indexOf("\r\n\r\n") < 0) {
                int octet = in.read();
                if (octet < 0) {
                    return;
                }
                request.append((char) octet);
            }
            String length = request.toString().replaceFirst("(?s).*Content-Length: (\\d+).*", "$1");
            request.append(new String(in.readNBytes(Integer.parseInt(length)), ISO_8859_1));
            requests.add(request.toString());
            reply.send(client.getOutputStream());
        } catch (IOException | InterruptedException over) {
            // The client has closed the connection.
        }
    }

    private static Reply json(String json) {
        byte[] body = json.getBytes(UTF_8);
        return out -> {
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes(ISO_8859_1));
            out.write(body);
        };
    }

    @Test
    void aFilterIsSentTheMailAndHowItCame() throws Exception {
        FilterAnswer answer =
                ask(json("{\"action\":\"no action\"}"), SampleMessage.plain().of("e\r\nve"));
        assertThat(answer.verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(requests.get(0))
                .startsWith("POST /checkv2 HTTP/1.1\r\n")
                .contains(
                        "IP: 192.0.2.7\r\n",
                        "Helo: helo.far.example\r\n",
                        "Hostname: mx.far.example\r\n",
                        "From: eve@far.example\r\n",
                        "Rcpt: alice@ours.example\r\n",
                        "Rcpt: bob@ours.example\r\n",
                        "User: e??ve\r\n",
                        "Queue-Id: mail-1\r\n",
                        "MTA-Name: mx.ours.example\r\n",
                        "TLS-Version: TLSv1.3\r\n")
                .endsWith("\r\n\r\n"
                        + "From: eve@far.example\r\n"
                        + "Subject:  two\r\n"
                        + " spaces\r\n"
                        + "X-Raw:caf\u00e9\r\n\r\n"
                        + "Hello\r\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "no action; ''; ACCEPT",
                "greylist; ''; ACCEPT",
                "add header; ''; SPAM",
                "rewrite subject; ''; SPAM",
                "soft reject; ''; TEMPFAIL",
                "reject; ''; REJECT",
                "quarantine; ''; QUARANTINE",
                "discard; ''; QUARANTINE",
                "reject; quarantine; QUARANTINE",
                "no action; discard; QUARANTINE",
            })
    void actions(String action, String aside, Verdict verdict) throws Exception {
        FilterAnswer answer = ask(json("{\"action\":\"" + action + "\",\"milter\":{\"reject\":\"" + aside
                + "\"},\"messages\":{\"smtp_message\":\"Looks\\r"
                + "\\n"
                + "like spam\"},\"symbols\":{\"A\":[1,2.5,null,true]}}"));
        assertThat(answer.verdict()).isEqualTo(verdict);
        assertThat(answer.reply('5')).isEqualTo("5.7.1 Looks like spam");
    }

    @Test
    void changesOfTheHeader() throws Exception {
        FilterAnswer answer = ask(json("{\"action\":\"add"
                + " header\",\"milter\":{\"remove_headers\":{\"X-Spam\":0,\"X-A\":[1,-1]},\"add_headers\":{\"X-Spam\":{\"value\":\"Yes\",\"order\":-1},\"X-Top\":{\"value\":\"a\\r"
                + "\\n"
                + "\\tb\",\"order\":1},\"X-Two\":[\"caf\u00e9\",{\"value\":\"2\"}]}}}"));
        assertThat(answer.changes())
                .extracting(change -> change.kind() + " " + change.index() + " " + change.field())
                .containsExactly(
                        "REMOVE 0 X-Spam:\r\n",
                        "REMOVE 1 X-A:\r\n",
                        "REMOVE -1 X-A:\r\n",
                        "ADD 0 X-Spam: Yes\r\n",
                        "INSERT 1 X-Top: a\r\n\tb\r\n",
                        "ADD 0 X-Two: caf\u00c3\u00a9\r\n",
                        "ADD 0 X-Two: 2\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "nonsense",
                "{\"action\":\"explode\"}",
                "{}",
                "{\"action\":[\"reject\"]}",
                "{\"action\":\"no action\",\"milter\":{\"add_rcpt\":[\"eve@far.example\"]}}",
                "{\"action\":\"no action\",\"milter\":{\"change_from\":\"eve@far.example\"}}",
                "{\"action\":\"no action\",\"milter\":{\"add_headers\":{\"Bad Name\":\"x\"}}}",
                "{\"action\":\"no action\",\"milter\":{\"add_headers\":{\"\":\"x\"}}}"
            })
    void nonsenseIsNoAnswer(String json) {
        assertThatThrownBy(() -> ask(json(json))).isInstanceOf(IOException.class);
    }

    @Test
    void anAnswerIsBounded() {
        assertThatThrownBy(() -> ask(json("{\"action\":\"" + "x".repeat(2_000_000) + "\"}")))
                .hasMessageContaining("larger than 1024 KiB");
        assertThatThrownBy(() -> ask(json("{\"a\":" + "[".repeat(100_000)))).hasMessageContaining("nested too deeply");
        StringBuilder fields = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            fields.append(",\"X-").append(i).append("\":\"x\"");
        }
        assertThatThrownBy(() -> ask(
                        json("{\"action\":\"no action\",\"milter\":{\"add_headers\":{" + fields.substring(1) + "}}}")))
                .hasMessageContaining("changes too much");
        assertThatThrownBy(() ->
                        ask(out -> out.write("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n".getBytes(ISO_8859_1))))
                .hasMessageContaining("answers 500");
        assertThatThrownBy(() -> ask(out ->
                        out.write("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
                                .getBytes(ISO_8859_1))))
                .hasMessageContaining("answers 302");
        for (String length : List.of("2147483648", "9223372036854775807", "-1", "x")) {
            assertThatThrownBy(() -> ask(out -> out.write(
                            ("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n{").getBytes(ISO_8859_1))))
                    .isInstanceOf(IOException.class);
        }
        // A header line, or a header, without an end.
        assertThatThrownBy(() -> ask(out -> {
                    out.write("HTTP/1.1 200 OK\r\nX: ".getBytes(ISO_8859_1));
                    endless(out, "xxxxxxxx");
                }))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> ask(out -> {
                    out.write("HTTP/1.1 200 OK\r\n".getBytes(ISO_8859_1));
                    endless(out, "X: y\r\n");
                }))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> ask(out -> {
                    out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(ISO_8859_1));
                    endless(out, "8\r\nxxxxxxxx\r\n");
                }))
                .hasMessageContaining("larger than");
    }

    private static void endless(OutputStream out, String piece) throws IOException {
        byte[] pieces = piece.repeat(1_000).getBytes(ISO_8859_1);
        while (true) {
            out.write(pieces);
        }
    }

    @Test
    void timeIsBounded() {
        List<Reply> slow = List.of(
                out -> Thread.sleep(60_000),
                out -> {
                    out.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".getBytes(ISO_8859_1));
                    while (true) {
                        out.write('{');
                        Thread.sleep(50);
                    }
                },
                out -> {
                    while (true) {
                        out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(ISO_8859_1));
                        Thread.sleep(50);
                    }
                });
        for (Reply reply : slow) {
            long start = System.nanoTime();
            assertThatThrownBy(() -> ask(reply)).isInstanceOf(IOException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
        }
    }
}
