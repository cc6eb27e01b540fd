/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/** Finds the file behind a URL of James's configuration ({@code file://conf/…}, {@code classpath:…}). */
@FunctionalInterface
public interface Opener {
    /**
     * @throws FileNotFoundException when there is no such file
     * @throws IOException when it can't be read
     */
    InputStream open(String url) throws IOException;
}
