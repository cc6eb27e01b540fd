/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.BasicHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.config.CharCodingConfig;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;
import org.apache.hc.core5.util.Timeout;
import org.rempart.message.HeaderBlock;

/**
 * rspamd, or what answers as its {@code checkv2} does: the message is posted, and a JSON object comes back with the action and
 * with what of the header is to change. Each message is a connection of its own.
 */
final class HttpFilter implements FilterClient {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int LARGEST = 1024 * 1024;
    private static final int DEEPEST = 16;
    private static final int MOST_CHANGES = 100;
    private static final Duration CONNECT = Duration.ofSeconds(5);

    private static final Http1Config BOUNDS = Http1Config.custom()
            .setMaxLineLength(8 * 1024)
            .setMaxHeaderCount(100)
            .build();
    private static final CharCodingConfig UTF_8 =
            CharCodingConfig.custom().setCharset(StandardCharsets.UTF_8).build();

    private final HttpHost host;
    private final Duration timeout;

    HttpFilter(String host, int port, Duration timeout) {
        this.host = new HttpHost("http", host, port);
        this.timeout = timeout;
    }

    @Override
    public FilterAnswer ask(FilteredMessage message) throws IOException {
        HttpPost post = new HttpPost("/checkv2");
        describe(post, message);
        HeaderBlock header = message.header();
        try (CloseableHttpClient client = client();
                InputStream whole = new SequenceInputStream(new ByteArrayInputStream(header.bytes()), message.body());
                Deadline deadline = Deadline.in(timeout, post::cancel)) {
            post.setEntity(new InputStreamEntity(whole, header.length() + message.bodySize(), ContentType.TEXT_PLAIN));
            try {
                return client.execute(host, post, answer -> answer(read(post, answer)));
            } catch (IOException | RuntimeException failure) {
                if (deadline.isOver()) {
                    throw new IOException("no answer within " + timeout.toSeconds() + " s");
                }
                throw failure instanceof IOException ? (IOException) failure : new IOException(failure);
            }
        }
    }

    private CloseableHttpClient client() {
        Timeout time = Timeout.of(timeout);
        BasicHttpClientConnectionManager connections = BasicHttpClientConnectionManager.create(
                null,
                null,
                RegistryBuilder.<TlsSocketStrategy>create().build(),
                ManagedHttpClientConnectionFactory.builder()
                        .http1Config(BOUNDS)
                        .charCodingConfig(UTF_8)
                        .build());
        connections.setConnectionConfig(ConnectionConfig.custom()
                .setConnectTimeout(Timeout.of(CONNECT.compareTo(timeout) < 0 ? CONNECT : timeout))
                .setSocketTimeout(time)
                .build());
        return HttpClients.custom()
                .setConnectionManager(connections)
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setResponseTimeout(time)
                        .setProtocolUpgradeEnabled(false)
                        .build())
                .disableRedirectHandling()
                .disableAutomaticRetries()
                .disableContentCompression()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableConnectionState()
                .disableDefaultUserAgent()
                .build();
    }

    private static void describe(HttpPost post, FilteredMessage message) {
        String address = message.client().getHostAddress();
        int zone = address.indexOf('%');
        field(post, "IP", zone < 0 ? address : address.substring(0, zone));
        field(post, "Helo", message.helo());
        message.clientName().ifPresent(name -> field(post, "Hostname", name));
        field(post, "From", message.sender());
        message.recipients().forEach(recipient -> field(post, "Rcpt", recipient));
        message.account().ifPresent(account -> field(post, "User", account));
        message.tlsVersion().ifPresent(version -> field(post, "TLS-Version", version));
        message.cipher().ifPresent(cipher -> field(post, "TLS-Cipher", cipher));
        field(post, "Queue-Id", message.id());
        field(post, "MTA-Name", message.server());
        field(post, "Flags", "milter,body_block");
    }

    private static void field(HttpPost post, String name, String value) {
        post.addHeader(name, value.replaceAll("\\p{Cntrl}", "?"));
    }

    private static byte[] read(HttpPost post, ClassicHttpResponse answer) throws IOException {
        if (answer.getCode() != 200) {
            throw new FilterFaultException("it answers " + answer.getCode());
        }
        if (answer.getEntity() == null) {
            throw new FilterFaultException("it answers nothing");
        }
        byte[] read = answer.getEntity().getContent().readNBytes(LARGEST + 1);
        if (read.length > LARGEST) {
            // Else the client would read the rest, to its end, to use the connection again.
            post.cancel();
            throw new FilterFaultException("its answer is larger than " + LARGEST / 1024 + " KiB");
        }
        return read;
    }

    // What rspamd answers: https://docs.rspamd.com/architecture/protocol

    private static FilterAnswer answer(byte[] json) throws IOException {
        Map<?, ?> answer;
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new FilterFaultException("what it answers is no JSON object");
            }
            answer = (Map<?, ?>) value(parser, 0);
        } catch (JsonProcessingException malformed) {
            throw new FilterFaultException("what it answers is no JSON");
        }
        Map<?, ?> milter = object(answer.get("milter"));
        for (Object unwanted : List.of("add_rcpt", "del_rcpt", "change_from")) {
            if (milter.containsKey(unwanted)) {
                throw new FilterFaultException("it changes recipients or sender, which it may not");
            }
        }
        List<HeaderChange> changes = changes(milter);
        String said = text(object(answer.get("messages")).get("smtp_message"));
        boolean aside = List.of("quarantine", "discard").contains(text(milter.get("reject")));
        String action = text(answer.get("action"));
        switch (action) {
            case "no action":
            // rspamd itself turns it into a soft reject where the mail has to wait.
            case "greylist":
                return FilterAnswer.of(
                        aside ? FilterAnswer.Verdict.QUARANTINE : FilterAnswer.Verdict.ACCEPT, said, changes);
            case "add header":
            case "rewrite subject":
                return FilterAnswer.of(
                        aside ? FilterAnswer.Verdict.QUARANTINE : FilterAnswer.Verdict.SPAM, said, changes);
            case "quarantine":
            case "discard":
                return FilterAnswer.of(FilterAnswer.Verdict.QUARANTINE, said, changes);
            case "soft reject":
                return FilterAnswer.of(FilterAnswer.Verdict.TEMPFAIL, said, changes);
            case "reject":
                return FilterAnswer.of(
                        aside ? FilterAnswer.Verdict.QUARANTINE : FilterAnswer.Verdict.REJECT, said, changes);
            default:
                throw new FilterFaultException("it answers with an action that is not known");
        }
    }

    private static List<HeaderChange> changes(Map<?, ?> milter) throws FilterFaultException {
        List<HeaderChange> changes = new ArrayList<>();
        for (Map.Entry<?, ?> removed : object(milter.get("remove_headers")).entrySet()) {
            for (Object index : list(removed.getValue())) {
                add(changes, HeaderChange.Kind.REMOVE, number(index), text(removed.getKey()), "");
            }
        }
        for (Map.Entry<?, ?> added : object(milter.get("add_headers")).entrySet()) {
            for (Object each : list(added.getValue())) {
                Map<?, ?> described = object(each);
                String value = described.isEmpty() ? text(each) : text(described.get("value"));
                int order = described.containsKey("order") ? number(described.get("order")) : -1;
                add(
                        changes,
                        order < 0 ? HeaderChange.Kind.ADD : HeaderChange.Kind.INSERT,
                        Math.max(order, 0),
                        text(added.getKey()),
                        // The bytes of the field, one character each.
                        new String(value.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
            }
        }
        return changes;
    }

    private static void add(List<HeaderChange> changes, HeaderChange.Kind kind, int index, String name, String value)
            throws FilterFaultException {
        if (changes.size() >= MOST_CHANGES) {
            throw new FilterFaultException("it changes too much");
        }
        changes.add(HeaderChange.of(kind, index, name, value));
    }

    private static Map<?, ?> object(Object value) {
        return value instanceof Map ? (Map<?, ?>) value : Map.of();
    }

    private static List<?> list(Object value) {
        return value instanceof List ? (List<?>) value : List.of(value);
    }

    private static String text(Object value) {
        return value instanceof String ? (String) value : "";
    }

    private static int number(Object value) {
        return value instanceof Number ? ((Number) value).intValue() : 0;
    }

    /** The value at which the parser stands: a map, a list, a text, a number, or an empty text for all else. */
    private static Object value(JsonParser json, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new FilterFaultException("its answer is nested too deeply");
        }
        switch (json.currentToken()) {
            case START_OBJECT:
                Map<String, Object> members = new LinkedHashMap<>();
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    String name = json.currentName();
                    json.nextToken();
                    members.put(name, value(json, depth + 1));
                }
                return members;
            case START_ARRAY:
                List<Object> elements = new ArrayList<>();
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    elements.add(value(json, depth + 1));
                }
                return elements;
            case VALUE_STRING:
                return json.getText();
            case VALUE_NUMBER_INT:
            case VALUE_NUMBER_FLOAT:
                return json.getNumberValue();
            default:
                return "";
        }
    }
}
