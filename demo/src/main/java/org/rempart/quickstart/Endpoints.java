/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a running quickstart is and who may log in: the content of {@code target/quickstart/endpoints.json}. The addresses
 * are written as {@code "host:port"}, the paths are absolute.
 *
 * @param smtp the MX
 * @param submission submission with STARTTLS
 * @param submissions submission with TLS from the first byte
 * @param imap IMAP with STARTTLS
 * @param imaps IMAP with TLS from the first byte
 * @param webadmin the administration interface
 * @param sink where all mail to other domains goes
 * @param domain the server's own domain
 * @param user an account, a full address
 * @param password its password
 * @param user2 another account, a full address
 * @param password2 its password
 * @param ca the authority's certificate, PEM
 * @param home the server's folder
 * @param sinkDirectory where the sink keeps its mails
 */
public record Endpoints(
        InetSocketAddress smtp,
        InetSocketAddress submission,
        InetSocketAddress submissions,
        InetSocketAddress imap,
        InetSocketAddress imaps,
        InetSocketAddress webadmin,
        InetSocketAddress sink,
        String domain,
        String user,
        String password,
        String user2,
        String password2,
        Path ca,
        Path home,
        Path sinkDirectory) {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * Reads what {@code ./quickstart --keep} wrote.
     *
     * @throws IOException if the file can't be read or lacks a key
     */
    public static Endpoints read(Path file) throws IOException {
        JsonNode root = JSON.readTree(Files.readAllBytes(file));
        try {
            return new Endpoints(
                    address(root, "smtp"),
                    address(root, "submission"),
                    address(root, "submissions"),
                    address(root, "imap"),
                    address(root, "imaps"),
                    address(root, "webadmin"),
                    address(root, "sink"),
                    text(root, "domain"),
                    text(root, "user"),
                    text(root, "password"),
                    text(root, "user2"),
                    text(root, "password2"),
                    Path.of(text(root, "ca")),
                    Path.of(text(root, "home")),
                    Path.of(text(root, "sinkDirectory")));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " was not written by the quickstart: " + e.getMessage(), e);
        }
    }

    /** Writes the file; it holds passwords, so only its owner can read it. */
    void write(Path file) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("smtp", text(smtp));
        root.put("submission", text(submission));
        root.put("submissions", text(submissions));
        root.put("imap", text(imap));
        root.put("imaps", text(imaps));
        root.put("webadmin", text(webadmin));
        root.put("sink", text(sink));
        root.put("domain", domain);
        root.put("user", user);
        root.put("password", password);
        root.put("user2", user2);
        root.put("password2", password2);
        root.put("ca", ca.toString());
        root.put("home", home.toString());
        root.put("sinkDirectory", sinkDirectory.toString());
        PrivateFiles.write(file, root.toPrettyString() + "\n");
    }

    /** An address as {@code host:port}. */
    static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    private static InetSocketAddress address(JsonNode root, String key) {
        String text = text(root, key);
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException(key + " is not host:port: " + text);
        }
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    private static String text(JsonNode root, String key) {
        JsonNode value = root.required(key);
        if (!value.isTextual()) {
            throw new IllegalArgumentException(key + " is not a string");
        }
        return value.textValue();
    }
}
