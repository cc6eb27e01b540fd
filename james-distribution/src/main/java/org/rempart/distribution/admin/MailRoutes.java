/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.admin;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.james.webadmin.Routes;
import org.apache.james.webadmin.utils.ErrorResponder;
import org.apache.james.webadmin.utils.ErrorResponder.ErrorType;
import org.apache.james.webadmin.utils.JsonTransformer;
import org.eclipse.jetty.http.HttpStatus;
import org.rempart.distribution.queue.MailAdministration;
import org.rempart.distribution.queue.MailAdministration.Filter;
import org.rempart.distribution.queue.MailStoreException;
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
 *   <li>{@code GET /rempart/mails} lists; with {@code place}, {@code sender}, {@code recipient}, {@code account}, {@code held=true},
 *       {@code olderThan} (ISO 8601, such as {@code PT2H}), {@code limit} (1000 at
 *       most), {@code after} (the {@code next} of the page before)
 *   <li>{@code GET /rempart/mails/counts} counts
 *   <li>{@code GET /rempart/mails/ID} shows one, {@code GET /rempart/mails/ID/message} its bytes
 *   <li>{@code POST /rempart/mails/flush}, {@code hold}, {@code release}, {@code delete} change the mails of {@code id}
 *       (which may come several times), or of the same conditions, or all with {@code all=true}
 * </ul>
 */
public final class MailRoutes implements Routes {
    private static final Logger LOGGER = LoggerFactory.getLogger(MailRoutes.class);
    private static final String PATH = "/rempart/mails";
    private static final int MOST = 1000;

    private final MailAdministration mails;
    private final JsonTransformer json;

    private interface Change {
        long of(Filter filter) throws MailStoreException;
    }

    private interface Answer {
        Object get() throws MailStoreException, IOException;
    }

    @Inject
    public MailRoutes(MailAdministration mails, JsonTransformer json) {
        this.mails = mails;
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
        Filter filter = filter(request);
        long after = number(request, "after", 0);
        int limit = (int) Math.max(1, Math.min(MOST, number(request, "limit", MOST)));
        return answer(() -> {
            MailAdministration.Page page = mails.list(filter, after, limit);
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("mails", page.mails().stream().map(this::fields).toList());
            fields.put("next", page.next().isPresent() ? page.next().getAsLong() : null);
            return fields;
        });
    }

    private Object counts(Request request, Response response) {
        return answer(() -> mails.counts().stream()
                .map(count -> {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("place", count.place().name());
                    fields.put("kind", word(count.place().kind()));
                    fields.put("mails", count.mails());
                    fields.put("held", count.held());
                    fields.put("delayed", count.delayed());
                    fields.put("bytes", count.bytes());
                    fields.put("oldest", count.oldest().map(Instant::toString).orElse(null));
                    return fields;
                })
                .toList());
    }

    private Object show(Request request, Response response) {
        long id = id(request.params(":id"));
        return answer(() -> {
            MailAdministration.Details details = mails.show(id).orElseThrow(() -> absent(id));
            Map<String, Object> fields = fields(details.summary());
            fields.put("state", details.state());
            fields.put("errorMessage", details.errorMessage());
            fields.put("remoteHost", details.remoteHost());
            fields.put("remoteAddress", details.remoteAddress());
            fields.put("attributes", details.attributes());
            fields.put("header", details.header());
            return fields;
        });
    }

    private Object message(Request request, Response response) {
        long id = id(request.params(":id"));
        return answer(() -> {
            try (InputStream message = mails.message(id).orElseThrow(() -> absent(id))) {
                response.type("message/rfc822");
                message.transferTo(response.raw().getOutputStream());
                return "";
            }
        });
    }

    private Object change(Request request, Change change) {
        Filter filter = filter(request);
        if (filter.equals(Filter.ALL) && !"true".equals(request.queryParams("all"))) {
            throw refused(
                    HttpStatus.BAD_REQUEST_400,
                    "which mails? name id, place, sender, recipient, account, held or olderThan; or all=true");
        }
        return answer(() -> Map.of("changed", change.of(filter)));
    }

    private Map<String, Object> fields(MailAdministration.Summary mail) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", mail.id());
        fields.put("place", mail.place().name());
        fields.put("kind", word(mail.place().kind()));
        fields.put("name", mail.name());
        fields.put("sender", mail.sender());
        fields.put("recipients", mail.recipients());
        fields.put("size", mail.size());
        fields.put("arrived", mail.arrival().toString());
        // A repository tries nothing.
        fields.put(
                "nextTry",
                mail.place().kind() == MailAdministration.Kind.QUEUE
                        ? mail.nextDelivery().toString()
                        : null);
        fields.put("held", mail.held());
        fields.put("inFlight", mail.inFlight());
        fields.put("tries", mail.tries());
        fields.put("lastError", mail.lastError());
        return fields;
    }

    private static String word(MailAdministration.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private static Filter filter(Request request) {
        Filter filter = Filter.ALL;
        String[] ids = request.queryParamsValues("id");
        if (ids != null) {
            filter = Filter.ofIds(Arrays.stream(ids).map(MailRoutes::id).collect(Collectors.toSet()));
        }
        String place = request.queryParams("place");
        filter = place == null ? filter : filter.withName(place);
        String sender = request.queryParams("sender");
        filter = sender == null ? filter : filter.withSender(sender);
        String recipient = request.queryParams("recipient");
        filter = recipient == null ? filter : filter.withRecipient(recipient);
        String account = request.queryParams("account");
        filter = account == null ? filter : filter.withAccount(account);
        String held = request.queryParams("held");
        filter = held == null ? filter : filter.withHeld(held.equals("true"));
        String age = request.queryParams("olderThan");
        return age == null ? filter : filter.withOlderThan(age(age));
    }

    private static Duration age(String text) {
        try {
            return Duration.parse(text);
        } catch (DateTimeParseException odd) {
            throw refused(HttpStatus.BAD_REQUEST_400, "olderThan=" + text + " is no span of time; write PT2H or P5D");
        }
    }

    private static long id(String text) {
        if (!text.matches("\\d{1,18}")) {
            throw refused(HttpStatus.NOT_FOUND_404, "there is no mail " + text + "; ids are numbers");
        }
        return Long.parseLong(text);
    }

    private static long number(Request request, String name, long usual) {
        String text = request.queryParams(name);
        if (text == null) {
            return usual;
        }
        if (!text.matches("\\d{1,18}")) {
            throw refused(HttpStatus.BAD_REQUEST_400, name + "=" + text + " is no number");
        }
        return Long.parseLong(text);
    }

    private static Object answer(Answer answer) {
        try {
            return answer.get();
        } catch (MailStoreException | IOException failure) {
            LOGGER.error("Mail at rest could not be administered", failure);
            throw refused(HttpStatus.INTERNAL_SERVER_ERROR_500, failure.getMessage());
        }
    }

    private static HaltException absent(long id) {
        return refused(HttpStatus.NOT_FOUND_404, "there is no mail " + id + " any more");
    }

    private static HaltException refused(int status, String message) {
        ErrorType type =
                switch (status) {
                    case HttpStatus.NOT_FOUND_404 -> ErrorType.NOT_FOUND;
                    case HttpStatus.BAD_REQUEST_400 -> ErrorType.INVALID_ARGUMENT;
                    default -> ErrorType.SERVER_ERROR;
                };
        return ErrorResponder.builder()
                .statusCode(status)
                .type(type)
                .message("%s", message)
                .haltError();
    }
}
