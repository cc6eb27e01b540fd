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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
 *   <li>{@code GET /rempart/mails} lists; with {@code place}, {@code sender}, {@code recipient}, {@code account}, {@code held} (true or false),
 *       {@code olderThan} (ISO 8601, such as {@code PT2H}), {@code limit} (1000 at
 *       most), {@code after} (the {@code next} of the page before)
 *   <li>{@code GET /rempart/mails/counts} counts
 *   <li>{@code GET /rempart/mails/ID} shows one, {@code GET /rempart/mails/ID/message} its bytes
 *   <li>{@code POST /rempart/mails/flush}, {@code hold}, {@code release}, {@code delete} change the mails of {@code id}
 *       (which may come several times), or of the same conditions, or all with {@code all=true}
 * </ul>
 *
 * <p>What a route does not know it refuses.
 */
public final class MailRoutes implements Routes {
    private static final Logger LOGGER = LoggerFactory.getLogger(MailRoutes.class);
    private static final String PATH = "/rempart/mails";
    private static final int MOST = 1000;
    private static final Set<String> REPEATED = Set.of("id");
    private static final List<String> CONDITIONS =
            List.of("place", "sender", "recipient", "account", "held", "olderThan");

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
        Query query = Query.of(request, REPEATED, with("after", "limit"));
        Filter filter = filter(query);
        long after = query.number("after", 0, 0, Long.MAX_VALUE);
        int limit = (int) query.number("limit", MOST, 1, MOST);
        return answer(() -> {
            MailAdministration.Page page = mails.list(filter, after, limit);
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("mails", page.mails().stream().map(this::fields).toList());
            fields.put("next", page.next().isPresent() ? page.next().getAsLong() : null);
            return fields;
        });
    }

    private Object counts(Request request, Response response) {
        Query.of(request);
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
        Query.of(request);
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
        Query.of(request);
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
        Query query = Query.of(request, REPEATED, with("all"));
        Filter filter = filter(query);
        boolean all = query.flag("all").orElse(false);
        if (filter.equals(Filter.ALL) && !all) {
            throw Query.refused(
                    "which mails? name id, place, sender, recipient, account, held or olderThan; or all=true");
        }
        if (!filter.equals(Filter.ALL) && all) {
            throw Query.refused("all=true stands alone; leave it out, or the conditions");
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

    private static String[] with(String... more) {
        return Stream.concat(CONDITIONS.stream(), Arrays.stream(more)).toArray(String[]::new);
    }

    private static Filter filter(Query query) {
        Filter filter = Filter.ALL;
        List<String> ids = query.texts("id");
        if (ids.size() > MOST) {
            throw Query.refused(ids.size() + " ids are too many; give " + MOST + " at most");
        }
        if (!ids.isEmpty()) {
            filter = Filter.ofIds(ids.stream().map(MailRoutes::id).collect(Collectors.toSet()));
        }
        filter = query.text("place").map(filter::withName).orElse(filter);
        filter = query.text("sender").map(filter::withSender).orElse(filter);
        filter = query.text("recipient").map(filter::withRecipient).orElse(filter);
        filter = query.text("account").map(filter::withAccount).orElse(filter);
        filter = query.flag("held").map(filter::withHeld).orElse(filter);
        return query.text("olderThan")
                .map(MailRoutes::age)
                .map(filter::withOlderThan)
                .orElse(filter);
    }

    private static Duration age(String text) {
        try {
            Duration age = Duration.parse(text);
            if (!age.isNegative()) {
                return age;
            }
        } catch (DateTimeParseException odd) {
            // Told below, like one that lies in the future.
        }
        throw Query.refused("olderThan=" + text + " is no span of time that has passed; write PT2H or P5D");
    }

    private static long id(String text) {
        if (!text.matches("\\d{1,18}")) {
            throw refused(HttpStatus.NOT_FOUND_404, "there is no mail " + text + "; ids are numbers");
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
                    default -> ErrorType.SERVER_ERROR;
                };
        return ErrorResponder.builder()
                .statusCode(status)
                .type(type)
                .message("%s", message)
                .haltError();
    }
}
