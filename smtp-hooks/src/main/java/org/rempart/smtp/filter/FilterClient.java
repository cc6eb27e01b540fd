/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.io.IOException;
import org.rempart.policy.filter.Filter;

/** Asks one filter. Safe for use by many threads. */
public interface FilterClient {
    /**
     * Shows it a message, and waits for its answer, no longer than the filter's rule says.
     *
     * @throws IOException when it can't be reached, is late, or answers nonsense
     */
    FilterAnswer ask(FilteredMessage message) throws IOException;

    /** What asks a filter. */
    static FilterClient of(Filter filter) {
        return new Breaker(
                filter.protocol() == Filter.Protocol.HTTP
                        ? new HttpFilter(filter.host(), filter.port(), filter.timeout())
                        : new Milter(filter.host(), filter.port(), filter.timeout()));
    }
}
