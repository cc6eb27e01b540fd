/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.admin;

import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.inject.Inject;
import org.apache.james.webadmin.Routes;
import org.apache.james.webadmin.utils.ErrorResponder;
import org.apache.james.webadmin.utils.ErrorResponder.ErrorType;
import org.apache.james.webadmin.utils.JsonTransformer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.HaltException;
import spark.Request;
import spark.Response;
import spark.Service;

/**
 * Mail at rest for the administration interface.
 *
 * <ul>
 *   <li>{@code GET /rempart/mails} lists; with {@code place}, {@code sender}, {@code recipient}, {@code held=true},
 *       {@code olderThan} (ISO 8601, such as {@code PT2H}), {@code limit}, {@code offset}
 *   <li>{@code GET /rempart/mails/counts} counts
 *   <li>{@code GET /rempart/mails/ID} shows one, {@code GET /rempart/mails/ID/message} its bytes
 *   <li>{@code POST /rempart/mails/flush}, {@code hold}, {@code release}, {@code delete} change the mails of {@code id}
 *       (which may come several times), or of the same conditions, or all with {@code all=true}
 * </ul>
 */
public final class MailRoutes implements Routes {
    private static final Logger LOGGER = LoggerFactory.getLogger(MailRoutes.class);
    private static final String PATH = "/rempart/mails";
    private static final int MOST = 100_000;
    private static final int USUAL = 1000;

    private final Mails mails;
    private final Clock clock;
    private final JsonTransformer json;

    private interface Change {
        long of(Mails.Selection selection) throws IOException;
    }

    private interface Answer {
        Object get() throws IOException;
    }

    @Inject
    public MailRoutes(Mails mails, Clock clock, JsonTransformer json) {
        this.mails = mails;
        this.clock = clock;
        this.json = json;
    }

    @Override
    public String getBasePath() {
        return PATH;
    }

    @Override
    public void define(Service service) {
        service.get(PATH, this::list, json);
        service.get(PATH + "/counts", this::counts, json);
        service.get(PATH + "/:id", this::show, json);
        service.get(PATH + "/:id/message", this::message);
        service.post(PATH + "/flush", (request, response) -> change(request, mails::flush), json);
        service.post(PATH + "/hold", (request, response) -> change(request, mails::hold), json);
        service.post(PATH + "/release", (request, response) -> change(request, mails::release), json);
        service.post(PATH + "/delete", (request, response) -> change(request, mails::delete), json);
    }

    private Object list(Request request, Response response) {
        Mails.Selection selection = selection(request);
        int offset = number(request, "offset", 0);
        int limit = number(request, "limit", USUAL);
        return answer(() -> mails.list(selection, offset, limit).stream()
                .map(MailRoutes::fields)
                .toList());
    }

    private Object counts(Request request, Response response) {
        return answer(() -> mails.counts().stream()
                .map(count -> {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("place", count.place());
                    fields.put("kind", count.kind().word());
                    fields.put("mails", count.mails());
                    fields.put("held", count.held());
                    fields.put("oldest", text(count.oldest()));
                    return fields;
                })
                .toList());
    }

    private Object show(Request request, Response response) {
        return answer(() -> {
            Mails.Details details = mails.show(request.params(":id")).orElseThrow(() -> absent(request));
            Map<String, Object> fields = fields(details.mail());
            fields.put("state", details.state());
            fields.put("remote", details.remote());
            fields.put("attributes", details.attributes());
            fields.put("header", details.header());
            return fields;
        });
    }

    private Object message(Request request, Response response) {
        return answer(() -> {
            try (InputStream message = mails.message(request.params(":id")).orElseThrow(() -> absent(request))) {
                response.type("message/rfc822");
                message.transferTo(response.raw().getOutputStream());
                return "";
            }
        });
    }

    private Object change(Request request, Change change) {
        Mails.Selection selection = selection(request);
        if (selection.isAll() && !"true".equals(request.queryParams("all"))) {
            throw refused(400, "which mails? name id, place, sender, recipient, held or olderThan; or all=true");
        }
        return answer(() -> Map.of("changed", change.of(selection)));
    }

    private static Map<String, Object> fields(Mails.Mail mail) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", mail.id());
        fields.put("place", mail.place());
        fields.put("kind", mail.kind().word());
        fields.put("name", mail.name());
        fields.put("sender", mail.sender());
        fields.put("recipients", mail.recipients());
        fields.put("size", mail.size());
        fields.put("arrived", mail.arrived().toString());
        fields.put("nextTry", text(mail.nextTry()));
        fields.put("held", mail.held());
        fields.put("tries", mail.tries());
        fields.put("lastError", mail.lastError());
        return fields;
    }

    private static String text(Optional<Instant> instant) {
        return instant.map(Instant::toString).orElse(null);
    }

    private Mails.Selection selection(Request request) {
        String[] ids = request.queryParamsValues("id");
        return new Mails.Selection(
                ids == null ? Set.of() : Set.copyOf(Arrays.asList(ids)),
                Optional.ofNullable(request.queryParams("place")),
                Optional.ofNullable(request.queryParams("sender")).map(sender -> sender.equals("<>") ? "" : sender),
                Optional.ofNullable(request.queryParams("recipient")),
                "true".equals(request.queryParams("held")),
                Optional.ofNullable(request.queryParams("olderThan")).map(this::before));
    }

    private Instant before(String age) {
        try {
            return clock.instant().minus(Duration.parse(age));
        } catch (DateTimeException | ArithmeticException odd) {
            throw refused(400, "olderThan=" + age + " is no span of time; write PT2H or P5D");
        }
    }

    private static int number(Request request, String name, int usual) {
        String text = request.queryParams(name);
        if (text == null) {
            return usual;
        }
        if (!text.matches("\\d{1,9}")) {
            throw refused(400, name + "=" + text + " is no number");
        }
        int number = Integer.parseInt(text);
        return name.equals("limit") ? Math.min(number, MOST) : number;
    }

    private static Object answer(Answer answer) {
        try {
            return answer.get();
        } catch (Mails.UnsupportedException unsupported) {
            throw refused(409, unsupported.getMessage());
        } catch (IOException failure) {
            LOGGER.error("Mail at rest could not be administered", failure);
            throw refused(500, failure.getMessage());
        }
    }

    private static HaltException absent(Request request) {
        return refused(404, "there is no mail " + request.params(":id") + " any more");
    }

    private static HaltException refused(int status, String message) {
        return ErrorResponder.builder()
                .statusCode(status)
                .type(
                        status == 404
                                ? ErrorType.NOT_FOUND
                                : status == 500 ? ErrorType.SERVER_ERROR : ErrorType.INVALID_ARGUMENT)
                .message("%s", message)
                .haltError();
    }
}
