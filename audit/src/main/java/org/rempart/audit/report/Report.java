/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.report;

import java.io.IOException;
import org.rempart.audit.Result;

/** A form in which a run's result is told. */
public interface Report {
    /** The whole text. */
    String of(Result result) throws IOException;
}
