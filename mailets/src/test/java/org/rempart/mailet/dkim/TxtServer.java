/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.dkim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A name server (RFC 1035) that answers every question with the one TXT record that it is started with. The verifier asks
 * it, in a network of its own where nothing else is.
 */
public final class TxtServer {
    private TxtServer() {}

    /**
     * Serves until it is ended.
     *
     * @param arguments the text, at most 255 characters; a file to create once it listens
     */
    public static void main(String[] arguments) throws IOException {
        byte[] text = arguments[0].getBytes(StandardCharsets.US_ASCII);
        try (DatagramSocket socket = new DatagramSocket(53, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            Files.createFile(Path.of(arguments[1]));
            while (true) {
                DatagramPacket question = new DatagramPacket(new byte[4096], 4096);
                socket.receive(question);
                byte[] answer = answer(question.getData(), text);
                socket.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
            }
        }
    }

    private static byte[] answer(byte[] question, byte[] text) {
        int end = 12;
        while (question[end] != 0) {
            end += question[end] + 1;
        }
        end += 5;
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        answer.write(question, 0, 2);
        // A response, recursion available; one question, one answer.
        answer.writeBytes(new byte[] {(byte) 0x85, (byte) 0x80, 0, 1, 0, 1, 0, 0, 0, 0});
        answer.write(question, 12, end - 12);
        // The question's name, TXT, IN, a minute.
        answer.writeBytes(new byte[] {(byte) 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, (byte) (text.length + 1)});
        answer.write(text.length);
        answer.writeBytes(text);
        return answer.toByteArray();
    }
}
