/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import org.apache.james.protocols.api.BaseRequest;
import org.apache.james.protocols.api.Request;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPResponse;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.esmtp.AuthCmdHandler;

/**
 * AUTH (RFC 4954). What the client sends is read here, by the letter of RFC 4616, and given to James in the one form that
 * it reads alike: James passes over an empty part, so that a password may become a name. One of {@link CoreHandlers}.
 *
 * <ul>
 *   <li>{@code PLAIN} has three parts, with NUL between them. The second and third are not empty; the first is empty or the
 *       same name, since nobody acts for another account here, and is else answered {@code 535 5.7.8}.
 *   <li>{@code LOGIN} asks for a name and for a password; neither is empty.
 *   <li>During a mail transaction it is answered {@code 503 5.5.1} (RFC 4954, section 4): who sends a mail does not change.
 *   <li>A cancelled exchange is answered {@code 501 5.7.0}, what is no base64 {@code 501 5.5.2}, another mechanism
 *       {@code 504 5.5.4}.
 * </ul>
 */
public final class AuthCommand extends AuthCmdHandler {
    private static final Response NOT_BASE64 = Answers.answer("501", "5.5.2 Cannot decode the response");
    private static final Response CANCELLED = Answers.answer("501", "5.7.0 Authentication cancelled");
    private static final Response USAGE = Answers.answer("501", "5.5.4 Usage: AUTH mechanism [initial-response]");
    private static final Response UNKNOWN = Answers.answer("504", "5.5.4 Unrecognized authentication type");
    private static final Response ALREADY = Answers.answer("503", "5.5.1 Already authenticated");
    private static final Response IN_TRANSACTION =
            Answers.answer("503", "5.5.1 AUTH is not permitted during a mail transaction");
    private static final Response WRONG = Answers.answer("535", "5.7.8 Authentication credentials invalid");
    private static final Response EMPTY_CHALLENGE = new SMTPResponse("334", "").immutable();
    private static final Response NAME = new SMTPResponse("334", "VXNlcm5hbWU6").immutable();
    private static final Response PASSWORD = new SMTPResponse("334", "UGFzc3dvcmQ6").immutable();

    /** Takes what a client answers to a challenge. */
    private interface Answered {
        Response with(SMTPSession session, String response);
    }

    @Override
    public Response onCommand(SMTPSession session, Request request) {
        String argument =
                request.getArgument() == null ? "" : request.getArgument().trim();
        if (argument.isEmpty()) {
            return USAGE;
        }
        if (session.getUsername() != null) {
            return ALREADY;
        }
        if (Transaction.isOpen(session)) {
            return IN_TRANSACTION;
        }
        String[] parts = argument.split(" +", 2);
        String mechanism = parts[0].toUpperCase(Locale.ROOT);
        boolean passwords = session.getConfiguration().isPlainAuthEnabled();
        if (mechanism.equals(AUTH_TYPE_PLAIN) && passwords) {
            return parts.length == 1 ? ask(session, EMPTY_CHALLENGE, this::plain) : plain(session, parts[1]);
        }
        if (mechanism.equals(AUTH_TYPE_LOGIN) && passwords) {
            return parts.length == 1 ? ask(session, NAME, this::named) : named(session, parts[1]);
        }
        if (mechanism.equals(AUTH_TYPE_OAUTHBEARER) || mechanism.equals(AUTH_TYPE_XOAUTH2)) {
            return session.supportsOAuth() ? super.onCommand(session, request) : UNKNOWN;
        }
        return UNKNOWN;
    }

    private static Response ask(SMTPSession session, Response challenge, Answered next) {
        LineHandler<SMTPSession> handler = new LineHandler<>() {
            @Override
            public Response onLine(SMTPSession current, byte[] line) {
                current.popLineHandler();
                if (LostLines.endedInBareLf(current)) {
                    return Answers.BARE_LF_IN_COMMAND;
                }
                String response = new String(line, StandardCharsets.US_ASCII).trim();
                return response.equals("*") ? CANCELLED : next.with(current, response);
            }
        };
        session.pushLineHandler(handler);
        return challenge;
    }

    private Response plain(SMTPSession session, String response) {
        String message = decoded(response);
        if (message == null) {
            return NOT_BASE64;
        }
        String[] parts = message.split("\0", -1);
        if (parts.length != 3) {
            return NOT_BASE64;
        }
        if (!parts[0].isEmpty() && !parts[0].equalsIgnoreCase(parts[1])) {
            return WRONG;
        }
        return login(session, parts[1], parts[2]);
    }

    private Response named(SMTPSession session, String response) {
        String name = decoded(response);
        if (name == null || name.indexOf('\0') >= 0) {
            return NOT_BASE64;
        }
        return ask(session, PASSWORD, (current, answer) -> {
            String password = decoded(answer);
            return password == null || password.indexOf('\0') >= 0 ? NOT_BASE64 : login(current, name, password);
        });
    }

    private Response login(SMTPSession session, String name, String password) {
        if (name.isBlank() || password.isBlank()) {
            return WRONG;
        }
        String plain = "\0" + name + "\0" + password;
        return super.onCommand(
                session,
                new BaseRequest(
                        "AUTH",
                        AUTH_TYPE_PLAIN + " "
                                + Base64.getEncoder().encodeToString(plain.getBytes(StandardCharsets.UTF_8))));
    }

    /** @return null when it is no base64 of UTF-8; {@code =} stands for an empty one (RFC 4954, section 4) */
    private static String decoded(String response) {
        if (response.equals("=")) {
            return "";
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Base64.getDecoder().decode(response)))
                    .toString();
        } catch (IllegalArgumentException | CharacterCodingException none) {
            return null;
        }
    }
}
