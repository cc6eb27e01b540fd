/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * What all contestants get.
 *
 * @param sink where mail to other domains goes
 * @param heap the greatest heap, as it follows {@code -Xmx}
 * @param jvmOptions further options for our server's Java, for a profiler
 */
record Setup(InetSocketAddress sink, String heap, List<String> jvmOptions) {}
