/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.util.List;
import org.xbill.DNS.Record;

/** Asks the DNS. */
public interface Lookup {
    /**
     * The records of a name.
     *
     * @param name an absolute or relative name; taken as absolute
     * @param type a type, as in {@link org.xbill.DNS.Type}
     * @return the records, aliases followed; empty when there are none
     * @throws IOException when no resolver has answered in time, or the answer is a failure of the server
     */
    List<Record> ask(String name, int type) throws IOException;
}
