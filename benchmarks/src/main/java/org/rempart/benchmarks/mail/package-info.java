/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * The mail benchmark: whole servers, each a process of its own, under the same SMTP load, from the client's first word to
 * the mailbox or to the next server.
 */
package org.rempart.benchmarks.mail;
