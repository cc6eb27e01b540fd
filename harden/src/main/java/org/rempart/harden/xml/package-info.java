/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** XML with the places where it stands, so that a file is edited where it lies and everything else of it stays. */
package org.rempart.harden.xml;
