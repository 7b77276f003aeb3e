"use client";

import { Box, Button } from "@mui/material";
import { type ReactNode, useId, useState } from "react";

import type { TelemetryMessages } from "../react/messages.js";
import { type ButtonOf, Payloads } from "../react/payload.js";

const SmallButton: ButtonOf = ({ onClick, children }) => (
  <Button variant="outlined" size="small" onClick={onClick}>
    {children}
  </Button>
);

const looks = {
  typography: "body2",
  "& article": { border: 1, borderColor: "divider", borderRadius: 1, p: 2, mt: 1 },
  "& h4": { typography: "subtitle2", m: 0 },
  "& p": { my: 1 },
  "& ol": { listStyle: "none", p: 0, my: 1 },
  "& table": { width: "100%", tableLayout: "fixed", mb: 2 },
  "& caption": { textAlign: "left", fontWeight: "fontWeightMedium" },
  "& th": { width: "45%", textAlign: "left", verticalAlign: "top", fontWeight: "fontWeightRegular" },
  "& th, & td, & pre": { fontFamily: "monospace", fontSize: "0.8125rem", overflowWrap: "anywhere" },
  "& pre": { whiteSpace: "pre-wrap", maxHeight: 240, overflow: "auto", p: 1, my: 1, bgcolor: "action.hover" },
  "& summary": { cursor: "pointer", mb: 1 },
};

/** "See what is sent", closed until it is asked for. */
export function Sent({ words, enabled }: { words: TelemetryMessages; enabled: boolean }): ReactNode {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div>
      <Button size="small" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        {enabled ? words.showSent : words.showSample}
      </Button>
      <Box id={id} sx={looks}>
        {open && <Payloads words={words} Button={SmallButton} />}
      </Box>
    </div>
  );
}
