// incoming
/* } ) ] ` ' " ${ HTTP.call() } */
class Script { // { ( [ `
  /* class script { } */
  process_incoming_request(/* { request } */) { // }
    return { content: { text: 'don\'t } ${_}' } }; /* // */
  } // `}`
}
/**/
