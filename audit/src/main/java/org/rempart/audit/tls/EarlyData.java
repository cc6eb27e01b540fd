/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.interfaces.XECPublicKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPublicKeySpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.rempart.audit.net.ClearTextException;
import org.rempart.audit.net.Wire;

/**
 * Whether a server's tickets allow early data (0-RTT, RFC 8446, section 2.3): a handshake of TLS 1.3 by hand, with X25519 and
 * AES-128-GCM, since no TLS of Java shows a ticket's extensions. The certificate is not looked at: nothing is said on the
 * connection.
 */
public final class EarlyData {
    /** What was found out. */
    public enum Kind {
        NO,
        YES,
        UNKNOWN
    }

    /** A finding, and what it stands on. */
    public record Answer(Kind kind, String text) {}

    private static final int RECORDS = 24;
    private static final int RECORD_LENGTH = 16384 + 256;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Wire wire;
    private final MessageDigest transcript;
    private long end;

    private EarlyData(Wire wire) throws GeneralSecurityException {
        this.wire = wire;
        this.transcript = MessageDigest.getInstance("SHA-256");
    }

    /** Asks on a connection on which the next bytes are those of TLS. */
    public static Answer ask(Wire wire, String host) throws IOException {
        try {
            return new EarlyData(wire).ask(host);
        } catch (GeneralSecurityException | RuntimeException e) {
            return new Answer(
                    Kind.UNKNOWN,
                    "the handshake by hand failed: " + e.getClass().getSimpleName());
        } catch (SocketTimeoutException e) {
            return new Answer(Kind.UNKNOWN, "the handshake by hand was not answered in time");
        }
    }

    /** The keys of one direction. */
    private static final class Keys {
        private final SecretKeySpec key;
        private final byte[] iv;

        Keys(SecretKeySpec key, byte[] iv) {
            this.key = key;
            this.iv = iv;
        }

        SecretKeySpec key() {
            return key;
        }

        byte[] iv() {
            return iv.clone();
        }
    }

    private Answer ask(String host) throws IOException, GeneralSecurityException {
        KeyPair pair = KeyPairGenerator.getInstance("X25519").generateKeyPair();
        byte[] hello = hello(host, publicBytes((XECPublicKey) pair.getPublic()));
        transcript.update(hello);
        send(22, 0x0301, hello);
        end = wire.replyBy();
        if (wire.listener().service().direct() && wire.clearTextComes(end)) {
            throw new ClearTextException("clear text came where TLS begins");
        }
        byte[] serverHello = plainHandshake();
        if (serverHello == null) {
            return new Answer(Kind.UNKNOWN, "the handshake by hand (X25519, AES-128-GCM) was refused");
        }
        byte[] share = share(serverHello);
        if (share == null) {
            return new Answer(Kind.UNKNOWN, "the server wants another group or suite than X25519 and AES-128-GCM");
        }
        transcript.update(serverHello);

        KeyAgreement agreement = KeyAgreement.getInstance("X25519");
        agreement.init(pair.getPrivate());
        agreement.doPhase(publicKey(share), true);
        byte[] zero = new byte[32];
        byte[] empty = MessageDigest.getInstance("SHA-256").digest();
        byte[] early = hmac(zero, zero);
        byte[] handshake = hmac(expand(early, "derived", empty, 32), agreement.generateSecret());
        byte[] soFar = hash();
        byte[] clientSecret = expand(handshake, "c hs traffic", soFar, 32);
        byte[] serverSecret = expand(handshake, "s hs traffic", soFar, 32);
        byte[] master = hmac(expand(handshake, "derived", empty, 32), zero);

        if (!serverFlight(keys(serverSecret))) {
            return new Answer(Kind.UNKNOWN, "the server's part of the handshake did not end");
        }
        byte[] afterServer = hash();
        byte[] serverApplication = expand(master, "s ap traffic", afterServer, 32);
        byte[] mac = hmac(expand(clientSecret, "finished", new byte[0], 32), afterServer);
        byte[] finished = new byte[36];
        finished[0] = 20;
        finished[3] = 32;
        System.arraycopy(mac, 0, finished, 4, 32);
        byte[] inner = Arrays.copyOf(finished, 37);
        inner[36] = 22;
        send(23, 0x0303, encrypt(keys(clientSecret), inner));
        return tickets(keys(serverApplication));
    }

    private Answer tickets(Keys keys) throws IOException, GeneralSecurityException {
        end = wire.replyBy();
        for (int record = 0; record < RECORDS; record++) {
            byte[] content;
            try {
                content = next(keys, record);
            } catch (SocketTimeoutException e) {
                return new Answer(Kind.NO, "no session ticket came, so there is no early data");
            }
            if (content == null) {
                return new Answer(Kind.NO, "no session ticket came, so there is no early data");
            }
            int type = content[content.length - 1];
            ByteBuffer body = ByteBuffer.wrap(content, 0, content.length - 1);
            if (type == 23) {
                // The greeting: servers that give tickets do so before it.
                return new Answer(Kind.NO, "no session ticket came before the greeting");
            }
            while (type == 22 && body.remaining() > 4) {
                int message = body.get();
                int length = (body.get() & 0xff) << 16 | (body.getShort() & 0xffff);
                int next = body.position() + length;
                if (message == 4) {
                    body.position(body.position() + 8);
                    body.position(body.position() + 1 + (body.get(body.position()) & 0xff));
                    body.position(body.position() + 2 + (body.getShort(body.position()) & 0xffff));
                    int extensions = body.getShort() & 0xffff;
                    int last = body.position() + extensions;
                    while (body.position() + 4 <= last) {
                        int extension = body.getShort() & 0xffff;
                        int size = body.getShort() & 0xffff;
                        if (extension == 42) {
                            return new Answer(Kind.YES, "its session tickets allow early data, which can be replayed");
                        }
                        body.position(body.position() + size);
                    }
                    return new Answer(Kind.NO, "its session tickets allow no early data");
                }
                body.position(next);
            }
        }
        return new Answer(Kind.UNKNOWN, "neither a ticket nor a greeting came");
    }

    private static byte[] hello(String host, byte[] share) {
        ByteArrayOutputStream extensions = new ByteArrayOutputStream();
        if (Jsse.isName(host)) {
            byte[] name = host.getBytes(StandardCharsets.US_ASCII);
            extension(extensions, 0, concat(two(name.length + 3), new byte[] {0}, two(name.length), name));
        }
        extension(extensions, 10, new byte[] {0, 2, 0, 0x1d});
        extension(extensions, 13, new byte[] {0, 18, 4, 3, 5, 3, 6, 3, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 8, 7});
        extension(extensions, 43, new byte[] {2, 3, 4});
        extension(extensions, 45, new byte[] {1, 1});
        extension(extensions, 51, concat(two(36), two(0x1d), two(32), share));
        byte[] random = new byte[64];
        RANDOM.nextBytes(random);
        byte[] body = concat(
                two(0x0303),
                Arrays.copyOf(random, 32),
                new byte[] {32},
                Arrays.copyOfRange(random, 32, 64),
                two(2),
                two(0x1301),
                new byte[] {1, 0},
                two(extensions.size()),
                extensions.toByteArray());
        return concat(new byte[] {1, 0}, two(body.length), body);
    }

    /** The server's share, if it chose what was offered. */
    private static byte[] share(byte[] serverHello) {
        ByteBuffer body = ByteBuffer.wrap(serverHello, 4, serverHello.length - 4);
        body.position(body.position() + 34);
        body.position(body.position() + 1 + (body.get(body.position()) & 0xff));
        if ((body.getShort() & 0xffff) != 0x1301) {
            return null;
        }
        body.get();
        int last = body.position() + 2 + (body.getShort(body.position()) & 0xffff);
        body.getShort();
        while (body.position() + 4 <= last) {
            int type = body.getShort() & 0xffff;
            int length = body.getShort() & 0xffff;
            if (type == 51 && length == 36) {
                byte[] share = new byte[32];
                body.position(body.position() + 4);
                body.get(share);
                return share;
            }
            body.position(body.position() + length);
        }
        return null;
    }

    private byte[] plainHandshake() throws IOException {
        for (int i = 0; i < 3; i++) {
            int[] type = new int[1];
            byte[] content = record(type);
            if (content == null || type[0] == 21) {
                return null;
            }
            if (type[0] == 22 && content.length > 44 && content[0] == 2) {
                int length = (content[1] & 0xff) << 16 | (content[2] & 0xff) << 8 | (content[3] & 0xff);
                return length + 4 == content.length ? content : null;
            }
        }
        return null;
    }

    /** Reads the encrypted part of the server's flight; whether its Finished came. */
    private boolean serverFlight(Keys keys) throws IOException, GeneralSecurityException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int consumed = 0;
        for (int record = 0; record < RECORDS; record++) {
            byte[] content = next(keys, record);
            if (content == null || content[content.length - 1] != 22) {
                return false;
            }
            all.write(content, 0, content.length - 1);
            byte[] bytes = all.toByteArray();
            while (bytes.length - consumed >= 4) {
                int length = (bytes[consumed + 1] & 0xff) << 16
                        | (bytes[consumed + 2] & 0xff) << 8
                        | (bytes[consumed + 3] & 0xff);
                if (bytes.length - consumed - 4 < length) {
                    break;
                }
                transcript.update(bytes, consumed, length + 4);
                int message = bytes[consumed];
                consumed += length + 4;
                if (message == 20) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The next encrypted record's content and type, without padding. Null at the end of the connection. */
    private byte[] next(Keys keys, int sequence) throws IOException, GeneralSecurityException {
        while (true) {
            int[] type = new int[1];
            byte[] content = record(type);
            if (content == null || type[0] == 21) {
                return null;
            }
            if (type[0] == 20) {
                continue;
            }
            byte[] nonce = keys.iv();
            for (int i = 0; i < 8; i++) {
                nonce[11 - i] ^= (byte) ((long) sequence >> (8 * i));
            }
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(Cipher.DECRYPT_MODE, keys.key(), new GCMParameterSpec(128, nonce));
            cipher.updateAAD(concat(new byte[] {23}, two(0x0303), two(content.length)));
            byte[] inner = cipher.doFinal(content);
            int length = inner.length;
            while (length > 0 && inner[length - 1] == 0) {
                length--;
            }
            return length == 0 ? null : Arrays.copyOf(inner, length);
        }
    }

    private byte[] record(int[] type) throws IOException {
        byte[] header = new byte[5];
        for (int i = 0; i < 5; i++) {
            int b = wire.read(end);
            if (b < 0) {
                return null;
            }
            header[i] = (byte) b;
        }
        int length = (header[3] & 0xff) << 8 | (header[4] & 0xff);
        if (length > RECORD_LENGTH) {
            return null;
        }
        byte[] content = new byte[length];
        for (int i = 0; i < length; i++) {
            int b = wire.read(end);
            if (b < 0) {
                return null;
            }
            content[i] = (byte) b;
        }
        type[0] = header[0];
        return content;
    }

    private void send(int type, int version, byte[] content) throws IOException {
        wire.write(concat(new byte[] {(byte) type}, two(version), two(content.length), content));
    }

    private static byte[] encrypt(Keys keys, byte[] inner) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, keys.key(), new GCMParameterSpec(128, keys.iv()));
        cipher.updateAAD(concat(new byte[] {23}, two(0x0303), two(inner.length + 16)));
        return cipher.doFinal(inner);
    }

    private static Keys keys(byte[] secret) throws GeneralSecurityException {
        return new Keys(
                new SecretKeySpec(expand(secret, "key", new byte[0], 16), "AES"),
                expand(secret, "iv", new byte[0], 12));
    }

    private byte[] hash() throws GeneralSecurityException {
        try {
            return ((MessageDigest) transcript.clone()).digest();
        } catch (CloneNotSupportedException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /** HKDF-Expand-Label (RFC 8446, section 7.1), for what fits into one block. */
    private static byte[] expand(byte[] secret, String label, byte[] context, int length)
            throws GeneralSecurityException {
        byte[] name = ("tls13 " + label).getBytes(StandardCharsets.US_ASCII);
        byte[] info = concat(
                two(length),
                new byte[] {(byte) name.length},
                name,
                new byte[] {(byte) context.length},
                context,
                new byte[] {1});
        return Arrays.copyOf(hmac(secret, info), length);
    }

    private static byte[] hmac(byte[] key, byte[] data) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(data);
    }

    private static byte[] publicBytes(XECPublicKey key) {
        byte[] big = key.getU().toByteArray();
        byte[] little = new byte[32];
        for (int i = 0; i < Math.min(32, big.length); i++) {
            little[i] = big[big.length - 1 - i];
        }
        return little;
    }

    private static java.security.PublicKey publicKey(byte[] share) throws GeneralSecurityException {
        byte[] big = new byte[32];
        for (int i = 0; i < 32; i++) {
            big[i] = share[31 - i];
        }
        big[0] &= 0x7f;
        return KeyFactory.getInstance("X25519")
                .generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, new BigInteger(1, big)));
    }

    private static void extension(ByteArrayOutputStream out, int type, byte[] content) {
        out.writeBytes(two(type));
        out.writeBytes(two(content.length));
        out.writeBytes(content);
    }

    private static byte[] two(int value) {
        return new byte[] {(byte) (value >> 8), (byte) value};
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
