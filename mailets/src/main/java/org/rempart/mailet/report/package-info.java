/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * What senders are told of their mail (RFC 3464, 3461, 6522, 3834): {@link org.rempart.mailet.report.StatusReport} writes the
 * report, {@link org.rempart.mailet.report.Texts} has the words for a person.
 */
package org.rempart.mailet.report;
