/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

/** Message ids under a key that everybody knows. */
final class Ids {
    static final MessageIds KNOWN = new MessageIds(new byte[MessageIds.KEY_LENGTH], "mail.ours.example");

    private Ids() {}
}
