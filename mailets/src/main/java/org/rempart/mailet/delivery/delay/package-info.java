/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * Mail that waits for its next try where James's queue ignores delays: it lies in a mail repository, an index says when it is
 * due, and one server of several takes it then.
 */
package org.rempart.mailet.delivery.delay;
