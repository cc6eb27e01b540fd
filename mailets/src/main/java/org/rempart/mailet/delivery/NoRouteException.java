/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

/** There is no host that mail for a domain can go to. The message is the reason in the form of a reply. */
final class NoRouteException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What the DNS has said. */
    enum Kind {
        /** That there is none, for good. */
        PERMANENT,
        /** Nothing: it could not be asked. */
        TEMPORARY,
        /** That there is no such name, which may be true, or a mistake of today. */
        UNKNOWN
    }

    private final Kind kind;

    NoRouteException(Kind kind, String reason) {
        super(reason);
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }
}
