/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

/** There is no host that mail for a domain can go to, or no address of a host. */
final class NoRouteException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Event event;
    private final int code;
    private final String status;

    /**
     * @param event {@link Event#NOWHERE}, {@link Event#UNANSWERED} or {@link Event#UNKNOWN}; the last may be true, or a
     *     mistake of today
     * @param code the code that a reply would have
     * @param status the enhanced status code (RFC 3463)
     */
    NoRouteException(Event event, int code, String status, String reason) {
        super(reason);
        this.event = event;
        this.code = code;
        this.status = status;
    }

    Event event() {
        return event;
    }

    /** What comes of it at this stage: {@link Stage#ROUTE} or {@link Stage#ADDRESS}. */
    Outcome outcome(Stage stage) {
        return Outcome.local(stage, event, code, status, getMessage());
    }
}
