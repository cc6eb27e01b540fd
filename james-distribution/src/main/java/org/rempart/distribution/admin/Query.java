/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.admin;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.james.webadmin.utils.ErrorResponder;
import org.apache.james.webadmin.utils.ErrorResponder.ErrorType;
import org.eclipse.jetty.http.HttpStatus;
import spark.HaltException;
import spark.Request;

/**
 * The parameters of a request, of which a route knows all: one that it does not know, one without a value and one that comes
 * twice where it can come once are refused. A slip of the pen must not choose all mail.
 */
final class Query {
    private final Request request;

    private Query(Request request) {
        this.request = request;
    }

    /**
     * Reads a request.
     *
     * @param known the parameters that may come once
     * @throws HaltException with 400 and the reason
     */
    static Query of(Request request, String... known) {
        return of(request, Set.of(), known);
    }

    /** @param repeated the parameters that may come several times, each value once more */
    static Query of(Request request, Set<String> repeated, String... known) {
        Set<String> possible = new TreeSet<>(List.of(known));
        possible.addAll(repeated);
        for (String name : request.queryParams()) {
            if (!possible.contains(name)) {
                throw refused("there is no parameter " + name + " here; "
                        + (possible.isEmpty() ? "none is possible" : "possible are " + String.join(", ", possible)));
            }
            String[] values = request.queryParamsValues(name);
            if (values.length > 1 && !repeated.contains(name)) {
                throw refused(name + " is given " + values.length + " times; give it once");
            }
            if (Arrays.stream(values).anyMatch(String::isBlank)) {
                throw refused(name + " has no value; give it one, or leave it out");
            }
        }
        return new Query(request);
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(request.queryParams(name));
    }

    List<String> texts(String name) {
        String[] values = request.queryParamsValues(name);
        return values == null ? List.of() : List.of(values);
    }

    /** @throws HaltException when it is neither {@code true} nor {@code false} */
    Optional<Boolean> flag(String name) {
        return text(name).map(value -> switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refused(name + "=" + value + " is neither true nor false");
        });
    }

    /** @throws HaltException when it is no number between these */
    long number(String name, long usual, long least, long most) {
        Optional<String> given = text(name);
        if (given.isEmpty()) {
            return usual;
        }
        if (given.get().matches("\\d{1,18}")) {
            long number = Long.parseLong(given.get());
            if (number >= least && number <= most) {
                return number;
            }
        }
        throw refused(name + "=" + given.get() + " is no number from " + least + " to " + most);
    }

    static HaltException refused(String message) {
        return ErrorResponder.builder()
                .statusCode(HttpStatus.BAD_REQUEST_400)
                .type(ErrorType.INVALID_ARGUMENT)
                .message("%s", message)
                .haltError();
    }
}
